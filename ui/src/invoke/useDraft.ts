import { useCallback, useEffect, useRef } from "react";
import { api, type FunctionDetail, type FunctionRef } from "@/platform";
import { withoutCredentials } from "./request";
import { sessionOf, useSessions } from "./session";

const SAVE_AFTER = 500;

/** Reads what was last typed for the function into its session, and remembers what is typed from then on. */
export function useDraft(target: FunctionRef, detail: FunctionDetail): (text: string) => void {
  const pending = useRef<{ timer: ReturnType<typeof setTimeout>; save: () => void } | null>(null);
  const code = detail.code.type === "source" ? detail.code.text : null;

  useEffect(() => {
    if (sessionOf(target).text !== null) return;
    let wanted = true;
    void firstText(target, code).then((text) => {
      if (wanted && sessionOf(target).text === null) useSessions.getState().patch(target, { text });
    });
    return () => {
      wanted = false;
    };
  }, [target, code]);

  const flush = useCallback(() => {
    const last = pending.current;
    pending.current = null;
    if (!last) return;
    clearTimeout(last.timer);
    last.save();
  }, []);

  useEffect(() => {
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [flush]);

  return useCallback(
    (text: string) => {
      useSessions.getState().patch(target, { text });
      if (pending.current) clearTimeout(pending.current.timer);
      // A draft that could not be saved costs one retyping; it is not worth an error on the page.
      const kept = detail.speaksHttp ? withoutCredentials(text) : text;
      const save = () => void api.saveDraft({ function: target, text: kept }).catch(() => undefined);
      pending.current = { save, timer: setTimeout(flush, SAVE_AFTER) };
    },
    [target, detail.speaksHttp, flush],
  );
}

/** The draft, or else the input of the template that the function was made from, or else an empty object. */
async function firstText(target: FunctionRef, code: string | null): Promise<string> {
  const draft = await api.draft({ function: target }).catch(() => null);
  if (draft !== null) return draft;
  const templates = target.connection === "local" ? await api.templates().catch(() => []) : [];
  return templates.find((template) => template.code === code)?.input ?? "{}";
}
