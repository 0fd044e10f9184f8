import type { Activation, ActivationDetail } from "@/platform";

export function RecordView(_: { detail?: ActivationDetail; activation?: Activation }) {
  return null;
}
