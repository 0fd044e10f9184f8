import type { FunctionRef } from "@/platform";

export function ActivationsView(_: { scope?: FunctionRef }) {
  return null;
}
