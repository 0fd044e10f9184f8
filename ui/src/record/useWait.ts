import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { keys } from "@/api/keys";
import { type ActivationDetail, api, toCallError } from "@/platform";
import { type Explained, explain } from "@/platform/errors";
import { announce } from "@/ui/announce";
import { isPending, STATUS } from "@/ui/StatusBadge";

interface Wait {
  waiting: boolean;
  /** It was waited for as long as one waits, and there is no record yet. */
  inVain: boolean;
  error: Explained | null;
  begin: () => Promise<void>;
  /** The run goes on, and is looked for as before. */
  cancel: () => void;
}

/** Waits at a person's wish for the record of a run that a provider has accepted. */
export function useWait(id: string): Wait {
  const client = useQueryClient();
  const [state, setState] = useState<{ waiting: boolean; inVain: boolean; error: Explained | null }>(IDLE);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function begin() {
    if (running.current) return;
    const own = new AbortController();
    running.current = own;
    setState({ ...IDLE, waiting: true });
    try {
      const detail = await api.waitFor({ id }, own.signal);
      client.setQueryData<ActivationDetail>(keys.activation(id), detail);
      const { status } = detail.activation;
      setState({ ...IDLE, inVain: isPending(status) });
      if (!isPending(status)) announce(`The run is over: ${STATUS[status].word}`);
    } catch (thrown) {
      // Without its record a run is pending; that is no error.
      const late = toCallError(thrown).code === "not_found" || toCallError(thrown).code === "timeout";
      if (!own.signal.aborted)
        setState({ waiting: false, inVain: late, error: late ? null : explain(thrown) });
    } finally {
      if (running.current === own) running.current = null;
    }
  }

  function cancel() {
    running.current?.abort();
    running.current = null;
    setState(IDLE);
  }

  return { ...state, begin, cancel };
}

const IDLE = { waiting: false, inVain: false, error: null };
