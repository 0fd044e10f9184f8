import { useQueryClient } from "@tanstack/react-query";
import { api, type FunctionRef, type SavedCall, type SavedRequest } from "@/platform";
import { toast } from "@/ui/toast";
import { type InvokeSession, sessionOf, useSessions } from "../session";
import { callOf, textFor } from "./call";
import { readSavedAgain } from "./queries";

type Shown = Pick<InvokeSession, "text" | "mode" | "callback" | "saved" | "rerunOf">;

/** What a person does with the saved requests of a function. Whatever takes something away can be undone. */
export function useSaved(target: FunctionRef, http: boolean, onText: (text: string) => void) {
  const client = useQueryClient();
  const { patch } = useSessions.getState();

  function show({ text, ...rest }: Shown) {
    patch(target, rest);
    onText(text ?? "");
  }

  async function put(name: string, call: SavedCall, replace: boolean) {
    await api.saveRequest({ function: target, name, call, replace });
    await readSavedAgain(client, target);
  }

  return {
    async load({ id, name }: SavedRequest) {
      const call = await api.savedRequest({ id });
      const { text, mode, callback, saved, rerunOf } = sessionOf(target);
      const before: Shown = { text, mode, callback, saved, rerunOf };
      const loaded = textFor(call, http);
      show({ text: loaded, mode: call.mode, callback: call.callback, saved: name, rerunOf: null });
      if (text !== null && text !== loaded) toast.undoable(`“${name}” loaded`, () => show(before));
    },

    async save(name: string, old: SavedRequest | undefined) {
      const before = old && (await api.savedRequest({ id: old.id }));
      await put(name, callOf(sessionOf(target), http), old !== undefined);
      patch(target, { saved: name });
      if (before) toast.undoable(`“${name}” replaced`, () => put(old.name, before, true));
      else toast.success(`“${name}” saved`);
    },

    async rename({ id, name }: SavedRequest, next: string) {
      const renamed = await api.renameSavedRequest({ id, name: next });
      if (sessionOf(target).saved === name) patch(target, { saved: renamed.name });
      await readSavedAgain(client, target);
    },

    async remove({ id, name }: SavedRequest) {
      const call = await api.deleteSavedRequest({ id });
      if (sessionOf(target).saved === name) patch(target, { saved: null });
      await readSavedAgain(client, target);
      toast.undoable(`“${name}” deleted`, () => put(name, call, false));
    },
  };
}

export type Saved = ReturnType<typeof useSaved>;
