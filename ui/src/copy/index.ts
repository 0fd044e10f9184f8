import type { CopyMode, CopySource } from "@/platform";

export function CopyCurl(_: { source: CopySource; defaultMode?: CopyMode }) {
  return null;
}
