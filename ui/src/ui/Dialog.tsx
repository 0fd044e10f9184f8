import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { cx } from "./cx";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** Buttons, right-aligned; the primary one last. */
  footer?: ReactNode;
  width?: "sm" | "md" | "lg";
  initialFocus?: RefObject<HTMLElement | null>;
}

/** Where typing begins, instead of the close button. */
const FIRST_FIELD = "input:not([type=radio]):not([type=checkbox]), textarea, select";

const WIDTHS = { sm: "w-110", md: "w-140", lg: "w-200" };

/**
 * The focus goes back to the opener. Where that is gone, or goes a moment later (a row that was deleted, the button of
 * an empty list), it goes to what has its name now, or to the page: never nowhere.
 */
function useFocusBack(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    return () => {
      setTimeout(() => {
        const page = opener?.ownerDocument;
        if (!page || opener.isConnected || page.activeElement !== page.body) return;
        const main = page.getElementById("main");
        const same = [...(main?.querySelectorAll("button") ?? [])].find(
          (each) => nameOf(each) === nameOf(opener),
        );
        (same ?? main)?.focus();
      }, 150);
    };
  }, [opener]);
}

function nameOf(element: Element): string | null {
  return element.getAttribute("aria-label") ?? element.textContent;
}

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  width = "sm",
  initialFocus,
}: DialogProps) {
  const body = useRef<HTMLDivElement>(null);
  useFocusBack();
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Backdrop forceRender className="appear fixed inset-0 z-40 bg-scrim" />
        <Base.Popup
          initialFocus={initialFocus ?? (() => body.current?.querySelector<HTMLElement>(FIRST_FIELD) ?? true)}
          className={cx(
            "appear fixed top-[12vh] left-1/2 z-40 flex max-h-[calc(88vh-24px)] max-w-[calc(100vw-32px)] -translate-x-1/2 flex-col rounded-xl border border-line bg-raised shadow-float",
            WIDTHS[width],
          )}
        >
          <div className="flex items-start gap-4 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {description !== undefined && (
                <Base.Description className="mt-0.5 text-muted">{description}</Base.Description>
              )}
            </div>
            <Base.Close
              aria-label="Close"
              className="-mr-1.5 inline-flex size-7 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-fg"
            >
              <X size={16} aria-hidden />
            </Base.Close>
          </div>
          <div ref={body} className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">
            {children}
          </div>
          {footer !== undefined && (
            <div className="flex items-center justify-end gap-2 border-t border-line px-5 py-3">{footer}</div>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
