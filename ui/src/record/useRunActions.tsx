import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import { keys } from "@/api/keys";
import { useConnections } from "@/api/queries";
import { toDraft } from "@/invoke/draft";
import { formatRequest, requestOf, unfilled } from "@/invoke/request";
import { useSessions } from "@/invoke/session";
import {
  type Activation,
  type ActivationSummary,
  api,
  copyText,
  type Exchange,
  type FunctionRef,
  type InvokeMode,
} from "@/platform";
import { announce } from "@/ui/announce";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { formatDuration } from "@/ui/format";
import { isPending, STATUS } from "@/ui/StatusBadge";
import { toast } from "@/ui/toast";

export interface RunActions {
  /** Runs the function again with the input of a past run. */
  rerun: (id: string) => Promise<void>;
  /** Opens the function with the input of a past run, to be changed before it runs again. */
  edit: (id: string) => Promise<void>;
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

function functionOf(run: Activation): FunctionRef {
  return { connection: run.connection, namespace: run.namespace, name: run.function };
}

function modeOf(run: Activation): InvokeMode {
  return run.mode === "blocking" ? "blocking" : "non_blocking";
}

/** The request of a run; where it was called with arguments, its exchange is only of the answer. */
function requested({ http }: Activation): Exchange | null {
  return http === null || http.method === "" ? null : http;
}

/** Runs it once more and says what came of it. */
async function repeat(run: Activation): Promise<void> {
  const shared = { function: functionOf(run), mode: modeOf(run), rerunOf: run.id };
  const http = requested(run);
  const { activation, promoted } = await (http === null
    ? api.invoke({ ...shared, input: run.input ?? "{}" })
    : api.invokeHttp({ ...shared, request: toDraft(requestOf(http, run.input)) }));
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
  const navigate = useNavigate();
  const connections = useConnections();
  const [asked, setAsked] = useState<Activation | null>(null);

  const known = connections.data;

  const actions = useMemo<RunActions>(() => {
    /** The record, if what it was called with is known. */
    async function repeatable(id: string): Promise<Activation | null> {
      const { activation, of } = await client.fetchQuery({
        queryKey: keys.activation(id),
        queryFn: ({ signal }) => api.activation({ id }, signal),
      });
      if (of === "trigger" || of === "rule") {
        toast.info(`This is a ${of}'s record: there is no function to run again. Its log names the runs.`);
        return null;
      }
      if (activation.input !== null) return activation;
      toast.info("Somebody else made this run: its input is not known, so it cannot be repeated.");
      return null;
    }

    async function open(run: Activation): Promise<void> {
      const target = functionOf(run);
      const { speaksHttp } = await client.fetchQuery({
        queryKey: keys.function(target),
        queryFn: ({ signal }) => api.function({ function: target }, signal),
      });
      const http = requested(run);
      const text =
        speaksHttp && http !== null ? formatRequest(requestOf(http, run.input)) : (run.input ?? "{}");
      useSessions.getState().patch(target, { text, mode: modeOf(run), rerunOf: run.id });
      await navigate({
        to: "/c/$connection/ns/$namespace/fn/$",
        params: { connection: target.connection, namespace: target.namespace, _splat: target.name },
        search: { tab: "invoke" },
      });
    }

    async function edit(id: string): Promise<void> {
      try {
        const activation = await repeatable(id);
        if (activation) await open(activation);
      } catch (thrown) {
        toast.failure(thrown);
      }
    }

    async function rerun(id: string): Promise<void> {
      try {
        const activation = await repeatable(id);
        if (activation === null) return;
        const http = requested(activation);
        if (http !== null && unfilled(requestOf(http, activation.input)).length > 0) {
          toast.info("The request carried a credential, which no record keeps: type it again.");
          await open(activation);
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
      edit,
      copyId: (id) => copy(id, "Activation id"),
      copyLink: (id) => copy(linkTo(id), "Link"),
      pin,
      cancel,
    };
  }, [client, known, navigate]);

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
