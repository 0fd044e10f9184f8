import { Popover } from "@base-ui/react/popover";
import { CalendarClock } from "lucide-react";
import { type FormEvent, type Ref, useState } from "react";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Field, Input } from "@/ui/Field";
import { valuesOf, withRange } from "./core/filterText";
import { fromLocalField, PRESETS, rangeLabel, readInstant, toLocalField, writeInstant } from "./core/time";

interface TimeControlProps {
  text: string;
  onChange: (text: string) => void;
  ref: Ref<HTMLButtonElement>;
}

/** Presets, and an absolute range that is typed in local time and written in UTC. */
export function TimeControl({ text, onChange, ref }: TimeControlProps) {
  const [open, setOpen] = useState(false);
  const from = valuesOf(text, "from").at(-1) ?? null;
  const to = valuesOf(text, "to").at(-1) ?? null;
  const toNow = to === null || to === "now";
  const preset = toNow ? PRESETS.find((each) => each.from === from) : undefined;

  return (
    <fieldset
      aria-label="Time range"
      className="inline-flex h-7 shrink-0 gap-px rounded-md border border-line bg-inset p-px"
    >
      {PRESETS.map((each) => (
        <button
          key={each.label}
          type="button"
          title={each.title}
          aria-label={`${each.label}, ${each.title}`}
          aria-pressed={preset === each}
          onClick={() => onChange(withRange(text, each.from, null))}
          className={cx("h-6 min-w-8 rounded-[5px] border px-1.5 text-sm", CHOSEN[`${preset === each}`])}
        >
          {each.label}
        </button>
      ))}
      <Popover.Root open={open} onOpenChange={(next) => setOpen(next)}>
        <Popover.Trigger
          ref={ref}
          className={cx(
            "inline-flex h-6 max-w-56 items-center gap-1 rounded-[5px] border px-1.5 text-sm",
            CHOSEN[`${preset === undefined}`],
          )}
          title="Choose a time range (t)"
        >
          <CalendarClock size={14} aria-hidden className="shrink-0" />
          <span className={cx("truncate", preset !== undefined && "sr-only")}>
            {preset === undefined ? rangeLabel(from, to, Date.now()) : "Choose a time range"}
          </span>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner align="end" sideOffset={6} collisionPadding={12} className="z-50">
            <Popover.Popup className="appear w-72 rounded-xl border border-line bg-raised p-4 shadow-float">
              <Popover.Title className="mb-3 font-semibold">Time range</Popover.Title>
              <AbsoluteRange
                from={from}
                to={to}
                onApply={(start, end) => {
                  setOpen(false);
                  onChange(withRange(text, start, end));
                }}
              />
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    </fieldset>
  );
}

const CHOSEN: Record<string, string> = {
  true: "border-line bg-raised font-medium text-fg",
  false: "border-transparent text-muted hover:text-fg",
};

interface AbsoluteRangeProps {
  from: string | null;
  to: string | null;
  onApply: (from: string | null, to: string | null) => void;
}

function AbsoluteRange({ from, to, onApply }: AbsoluteRangeProps) {
  const [now] = useState(Date.now);
  const field = (value: string | null) => {
    const at = value === null || value === "now" ? null : readInstant(value, now);
    return at === null ? "" : toLocalField(at);
  };
  const [start, setStart] = useState(() => field(from));
  const [end, setEnd] = useState(() => field(to));
  const first = fromLocalField(start);
  const last = fromLocalField(end);
  const backwards = first !== null && last !== null && first > last;

  function apply(event: FormEvent) {
    event.preventDefault();
    if (backwards) return;
    onApply(first === null ? null : writeInstant(first), last === null ? null : writeInstant(last));
  }

  return (
    <form onSubmit={apply}>
      <Field id="range-from" label="From" hint="Local time; empty is the beginning">
        <Input
          id="range-from"
          type="datetime-local"
          step="1"
          value={start}
          onChange={(event) => setStart(event.target.value)}
        />
      </Field>
      <Field
        id="range-to"
        label="To"
        hint="Local time; empty is now"
        error={backwards ? "Ends before it begins" : undefined}
        className="mt-2"
      >
        <Input
          id="range-to"
          type="datetime-local"
          step="1"
          value={end}
          aria-invalid={backwards || undefined}
          onChange={(event) => setEnd(event.target.value)}
        />
      </Field>
      <div className="mt-3 flex justify-end">
        <Button type="submit" variant="primary" disabled={backwards}>
          Apply
        </Button>
      </div>
    </form>
  );
}
