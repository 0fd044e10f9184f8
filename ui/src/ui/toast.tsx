import { Toaster as Sonner, toast as sonner } from "sonner";
import { explain } from "@/platform/errors";

/** Short notices for things that have no place of their own on the page. */
export const toast = {
  success(text: string): void {
    sonner.success(text);
  },
  info(text: string): void {
    sonner(text);
  },
  /** Something was taken away that can be had back for a while. */
  undoable(text: string, undo: () => unknown): void {
    const attempt = async () => {
      try {
        await undo();
      } catch (thrown) {
        toast.failure(thrown);
      }
    };
    sonner(text, { duration: 10_000, action: { label: "Undo", onClick: () => void attempt() } });
  },
  failure(thrown: unknown): void {
    const shown = explain(thrown);
    if (shown.severity === "silent") return;
    const show = shown.severity === "error" ? sonner.error : sonner.warning;
    show(shown.message, { description: shown.hint ?? undefined, duration: 8000 });
  },
};

export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      offset={{ bottom: 36, right: 16 }}
      gap={8}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "flex w-90 items-start gap-2 rounded-lg border border-line bg-raised px-3 py-2.5 text-fg shadow-float",
          title: "font-medium",
          description: "text-muted",
          actionButton:
            "ml-auto h-6 shrink-0 rounded-md border border-line-strong/60 px-2 text-sm font-medium hover:bg-hover",
          icon: "mt-0.5 shrink-0",
          success: "[&_[data-icon]]:text-ok",
          error: "[&_[data-icon]]:text-bad",
          warning: "[&_[data-icon]]:text-warn",
        },
      }}
    />
  );
}
