import { Dialog } from "@/ui/Dialog";
import { Kbd } from "@/ui/Kbd";
import { type Action, useRegistry } from "./actions";
import { usePrefs } from "./prefs";

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const actions = useRegistry((registry) => registry.actions);
  const { letterKeys, set } = usePrefs();
  const sections = new Map<string, Action[]>();
  for (const action of actions.values()) {
    if (action.keys === undefined) continue;
    sections.set(action.section, [...(sections.get(action.section) ?? []), action]);
  }
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Keys" width="md">
      <div className="columns-2 gap-8">
        {[...sections].map(([section, list]) => (
          <section key={section} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-sm font-medium text-muted">{section}</h3>
            <dl>
              {list.map((action) => (
                <div key={action.id} className="flex h-7 items-center justify-between gap-4">
                  <dt className="truncate">{action.title}</dt>
                  <dd>
                    <Kbd keys={action.keys ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="mt-2 flex min-h-6 items-center gap-2 border-t border-line pt-3">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={letterKeys}
          onChange={(event) => set({ letterKeys: event.target.checked })}
        />
        Single-letter keys
      </label>
    </Dialog>
  );
}
