import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { keys } from "@/api/keys";
import { useConnections } from "@/api/queries";
import { type Activation, type ActivationSummary, api, copyText } from "@/platform";
import { announce } from "@/ui/announce";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { formatDuration } from "@/ui/format";
import { isPending, STATUS } from "@/ui/StatusBadge";
import { toast } from "@/ui/toast";

export interface RunActions {
  /** Runs the function again with the input of a past run. */
  rerun: (id: string) => Promise<void>;
  copyId: (id: string) => Promise<void>;
  copyLink: (id: string) => Promise<void>;
  pin: (run: Pick<ActivationSummary, "id" | "pinned">) => Promise<void>;
  cancel: (id: string) => Promise<void>;
}

/** The address of a run, for people who have this Beckon open. */
export function linkTo(id: string): string {
  return new URL(`/activations?id=${id}`, window.location.href).href;
}

async function copy(text: string, what: string): Promise<void> {
  try {
    await copyText(text);
    toast.success(`${what} copied`);
    announce(`${what} copied`);
  } catch (thrown) {
    toast.failure(thrown);
  }
}

/** Runs it once more and says what came of it. */
async function repeat(run: Activation): Promise<void> {
  const { activation, promoted } = await api.invoke({
    function: { connection: run.connection, namespace: run.namespace, name: run.function },
    input: run.input ?? "{}",
    mode: run.mode === "blocking" ? "blocking" : "non_blocking",
    rerunOf: run.id,
  });
  const version =
    activation.version === run.version ? "" : ` with version ${activation.version} (was ${run.version})`;
  const { word } = STATUS[activation.status];
  if (promoted || isPending(activation.status)) toast.info(`Started again${version}.`);
  else toast.info(`Ran again${version}: ${word} in ${formatDuration(activation.durationMs)}.`);
}

interface Offered {
  /** Stays the same object, so that a list of rows is not drawn again for it. */
  actions: RunActions;
  /** Goes somewhere into the page: the question before a run in production. */
  dialog: ReactNode;
}

/** What can be done with a run, wherever it is shown. */
export function useRunActions(): Offered {
  const client = useQueryClient();
  const connections = useConnections();
  const [asked, setAsked] = useState<Activation | null>(null);

  const known = connections.data;

  const actions = useMemo<RunActions>(() => {
    async function rerun(id: string): Promise<void> {
      try {
        const { activation } = await client.fetchQuery({
          queryKey: keys.activation(id),
          queryFn: ({ signal }) => api.activation({ id }, signal),
        });
        if (activation.input === null) {
          toast.info("Somebody else made this run: its input is not known, so it cannot be repeated.");
          return;
        }
        const connection = known?.find((each) => each.id === activation.connection);
        if (connection?.environment === "production") setAsked(activation);
        else await repeat(activation);
      } catch (thrown) {
        toast.failure(thrown);
      }
    }

    async function pin({ id, pinned }: Pick<ActivationSummary, "id" | "pinned">): Promise<void> {
      try {
        await api.pinActivation({ id, pinned: !pinned });
        await client.invalidateQueries({ queryKey: keys.activation(id) });
        announce(pinned ? "No longer pinned" : "Pinned");
      } catch (thrown) {
        toast.failure(thrown);
      }
    }

    async function cancel(id: string): Promise<void> {
      try {
        const stopped = await api.cancel({ id });
        if (!stopped) toast.info("It was over already.");
        await client.invalidateQueries({ queryKey: keys.activation(id) });
      } catch (thrown) {
        toast.failure(thrown);
      }
    }

    return {
      rerun,
      copyId: (id) => copy(id, "Activation id"),
      copyLink: (id) => copy(linkTo(id), "Link"),
      pin,
      cancel,
    };
  }, [client, known]);

  return {
    actions,
    dialog: (
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(open) => !open && setAsked(null)}
        title="Run again in production?"
        action="Run in production"
        onConfirm={async () => {
          if (asked) await repeat(asked);
        }}
      >
        {asked?.namespace}/{asked?.function} runs with the same input as before, on a connection that is
        marked as production.
      </ConfirmDialog>
    ),
  };
}
