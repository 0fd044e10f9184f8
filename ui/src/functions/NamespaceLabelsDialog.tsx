import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { LinesField } from "@/deployments/LinesField";
import { lineProblem, linesOf, textsOf } from "@/deployments/texts";
import { api, type NamespaceMetadata } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { FormDialog } from "@/ui/FormDialog";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";

interface NamespaceLabelsDialogProps {
  connection: string;
  namespace: string;
  onClose: () => void;
}

/** The labels and annotations of a provider's namespace. */
export function NamespaceLabelsDialog(props: NamespaceLabelsDialogProps) {
  const { connection, namespace, onClose } = props;
  const metadata = useQuery({
    queryKey: ["namespace-metadata", connection, namespace],
    queryFn: ({ signal }) => api.namespaceMetadata({ connection, namespace }, signal),
    // What is edited is what is there now, and stays while it is edited.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (metadata.data !== undefined) return <Form {...props} was={metadata.data} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Labels and annotations"
      description={`Of the namespace ${namespace}.`}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      {metadata.isError ? (
        <ErrorState error={metadata.error} onRetry={() => void metadata.refetch()} />
      ) : (
        <Skeleton rows={4} />
      )}
    </Dialog>
  );
}

function Form({
  connection,
  namespace,
  was,
  onClose,
}: NamespaceLabelsDialogProps & { was: NamespaceMetadata }) {
  const [labels, setLabels] = useState(() => linesOf(was.labels));
  const [annotations, setAnnotations] = useState(() => linesOf(was.annotations));
  const save = useAttempt(async () => {
    const metadata = {
      labels: textsOf(labels, was.labels),
      annotations: textsOf(annotations, was.annotations),
    };
    await api.putNamespaceMetadata({ connection, namespace, metadata });
    toast.success("Saved");
    onClose();
  });
  const changed = labels !== linesOf(was.labels) || annotations !== linesOf(was.annotations);
  const bad = lineProblem(labels) ?? lineProblem(annotations);
  return (
    <FormDialog
      title="Labels and annotations"
      description={`Of the namespace ${namespace}. openfaas=1 stays in both: by it the gateway knows the namespace for its own.`}
      action="Save"
      busy={save.busy}
      error={save.error}
      onSubmit={() => void save.run()}
      onClose={onClose}
      disabled={!changed || bad !== undefined}
    >
      <LinesField
        id="namespace-labels"
        label="Labels"
        hint="A line each, NAME=value."
        value={labels}
        onChange={(event) => setLabels(event.target.value)}
      />
      <LinesField
        id="namespace-annotations"
        label="Annotations"
        hint="A line each, NAME=value."
        value={annotations}
        onChange={(event) => setAnnotations(event.target.value)}
      />
    </FormDialog>
  );
}
