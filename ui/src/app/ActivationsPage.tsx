import { ActivationsView } from "@/activations";

export function ActivationsPage() {
  return <ActivationsView />;
}
