import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";
import { cx } from "./cx";
import { Kbd } from "./Kbd";

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
  /** Why it is disabled, or more about it. */
  note?: string;
  onSelect: () => void;
}

interface MenuProps {
  trigger: ReactElement;
  items: ReadonlyArray<MenuItem | "separator">;
  align?: "start" | "end";
  label?: string;
}

export function Menu({ trigger, items, align = "start", label }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} sideOffset={4} className="z-50">
          <Base.Popup
            aria-label={label}
            className="appear min-w-44 rounded-lg border border-line bg-raised p-1 shadow-float"
          >
            {items.map((item, index) =>
              item === "separator" ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: separators have no other identity
                <Base.Separator key={index} className="mx-1 my-1 h-px bg-line" />
              ) : (
                <Base.Item
                  key={item.label}
                  disabled={item.disabled}
                  onClick={item.onSelect}
                  title={item.note}
                  className={cx(
                    "flex h-7 items-center gap-2 rounded-md px-2 outline-none select-none data-disabled:opacity-50 data-highlighted:bg-hover",
                    item.danger && "text-bad",
                  )}
                >
                  {item.icon}
                  <span className="flex-1">{item.label}</span>
                  {item.shortcut !== undefined && <Kbd keys={item.shortcut} />}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
