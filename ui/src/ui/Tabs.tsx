import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";
import { cx } from "./cx";

export interface TabItem<T extends string> {
  id: T;
  label: ReactNode;
  panel: ReactNode;
  /** Keeps the panel's DOM while another tab is shown. */
  keep?: boolean;
}

interface TabsProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  items: ReadonlyArray<TabItem<T>>;
  label: string;
  size?: "sm" | "md";
  className?: string;
  panelClassName?: string;
  /** Shown at the right end of the tab row. */
  aside?: ReactNode;
}

export function Tabs<T extends string>({
  value,
  onChange,
  items,
  label,
  size = "md",
  className,
  panelClassName,
  aside,
}: TabsProps<T>) {
  return (
    <Base.Root
      value={value}
      onValueChange={(next) => onChange(next as T)}
      className={cx("flex min-h-0 flex-col", className)}
    >
      <div className="flex shrink-0 items-center border-b border-line px-4">
        <Base.List aria-label={label} className="-mb-px flex gap-1" activateOnFocus>
          {items.map((item) => (
            <Base.Tab
              key={item.id}
              value={item.id}
              className={cx(
                "shrink-0 border-b-2 border-transparent px-2 whitespace-nowrap text-muted outline-offset-[-2px] hover:text-fg data-active:border-accent-text data-active:font-medium data-active:text-fg",
                size === "sm" ? "h-7 text-sm" : "h-9",
              )}
            >
              {item.label}
            </Base.Tab>
          ))}
        </Base.List>
        {aside !== undefined && <div className="ml-auto flex shrink-0 items-center gap-1 pl-2">{aside}</div>}
      </div>
      {items.map((item) => (
        <Base.Panel
          key={item.id}
          value={item.id}
          keepMounted={item.keep}
          className={cx("min-h-0 flex-1 outline-offset-[-2px]", panelClassName)}
        >
          {item.panel}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
