import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CalendarClock, History, Pause, Pencil, Play, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useSchedules } from "@/api/queries";
import { api, type FunctionRef, type Schedule } from "@/platform";
import { Badge, type Tone } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { Problem } from "./Problem";
import { ScheduleDialog } from "./ScheduleDialog";
import { ScheduleHistory } from "./ScheduleHistory";
import { sameSchedule } from "./schedule-form";

const STATE: Record<Schedule["state"], { text: string; tone: Tone; title: string }> = {
  active: { text: "On", tone: "ok", title: "It runs at its next time" },
  disabled: { text: "Off", tone: "neutral", title: "It is switched off" },
  orphaned: { text: "No function", tone: "bad", title: "Its function was deleted" },
  over: { text: "Over", tone: "warn", title: "Its expression has no more times" },
};

type Open = { type: "edit" | "history" | "delete"; schedule: Schedule } | { type: "new" } | null;

export function SchedulesSection({ target, speaksHttp }: { target: FunctionRef; speaksHttp: boolean }) {
  const client = useQueryClient();
  const schedules = useSchedules(target);
  const [open, setOpen] = useState<Open>(null);
  const refresh = () => client.invalidateQueries({ queryKey: keys.schedulesAll });
  const create = (
    <Button icon={<Plus size={14} aria-hidden />} onClick={() => setOpen({ type: "new" })}>
      New schedule
    </Button>
  );

  async function attempt(action: () => Promise<unknown>, done?: string) {
    try {
      await action();
      if (done !== undefined) toast.success(done);
    } catch (thrown) {
      toast.failure(thrown);
    } finally {
      await refresh();
    }
  }

  return (
    <Section
      title="Schedules"
      description="Runs the function by the clock, always asynchronously."
      actions={schedules.data && schedules.data.length > 0 ? create : undefined}
    >
      {schedules.isError ? (
        <ErrorState error={schedules.error} onRetry={() => void schedules.refetch()} />
      ) : schedules.data === undefined ? (
        <Skeleton rows={3} />
      ) : schedules.data.length === 0 ? (
        <EmptyState
          compact
          icon={<CalendarClock size={24} aria-hidden />}
          title="Nothing runs it by the clock"
          action={create}
        >
          A schedule is a cron expression in a time zone, with arguments of its own.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {schedules.data.map((schedule) => (
            <li key={schedule.id} className="px-3 py-2.5" data-testid="schedule">
              <div className="flex items-start gap-3">
                <div className="min-w-0 flex-1">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="font-medium">{schedule.name}</span>
                    <Badge tone={STATE[schedule.state].tone} title={STATE[schedule.state].title}>
                      {STATE[schedule.state].text}
                    </Badge>
                  </p>
                  <p className="text-muted">
                    <code>{schedule.expression}</code> · {schedule.zone}
                  </p>
                  <Facts schedule={schedule} />
                </div>
                <div className="flex items-center gap-1">
                  <Button
                    size="sm"
                    icon={<Play size={12} aria-hidden />}
                    aria-label={`Run ${schedule.name} now`}
                    onClick={() =>
                      void attempt(() => api.runScheduleNow({ id: schedule.id }), `${schedule.name} runs now`)
                    }
                  >
                    Run now
                  </Button>
                  <IconButton
                    label={schedule.enabled ? `Switch ${schedule.name} off` : `Switch ${schedule.name} on`}
                    icon={schedule.enabled ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
                    onClick={() =>
                      void attempt(() =>
                        api.saveSchedule({
                          id: schedule.id,
                          schedule: { ...sameSchedule(schedule), enabled: !schedule.enabled },
                        }),
                      )
                    }
                  />
                  <IconButton
                    label={`History of ${schedule.name}`}
                    icon={<History size={14} aria-hidden />}
                    onClick={() => setOpen({ type: "history", schedule })}
                  />
                  <IconButton
                    label={`Change ${schedule.name}`}
                    icon={<Pencil size={14} aria-hidden />}
                    onClick={() => setOpen({ type: "edit", schedule })}
                  />
                  <IconButton
                    label={`Delete ${schedule.name}`}
                    icon={<Trash2 size={14} aria-hidden />}
                    onClick={() => setOpen({ type: "delete", schedule })}
                  />
                </div>
              </div>
              {schedule.lastError !== null && <Problem noted={schedule.lastError} />}
            </li>
          ))}
        </ul>
      )}
      {(open?.type === "new" || open?.type === "edit") && (
        <ScheduleDialog
          target={target}
          schedule={open.type === "edit" ? open.schedule : null}
          speaksHttp={speaksHttp}
          onSaved={refresh}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.type === "history" && <ScheduleHistory schedule={open.schedule} onClose={() => setOpen(null)} />}
      <ConfirmDialog
        open={open?.type === "delete"}
        onOpenChange={() => setOpen(null)}
        title={open?.type === "delete" ? `Delete the schedule ${open.schedule.name}?` : ""}
        action="Delete schedule"
        onConfirm={async () => {
          if (open?.type === "delete") await api.deleteSchedule({ id: open.schedule.id });
          await refresh();
        }}
      >
        Its history goes with it. The runs that it started stay in the log.
      </ConfirmDialog>
    </Section>
  );
}

function Facts({ schedule }: { schedule: Schedule }) {
  return (
    <p className="flex flex-wrap gap-x-3 text-sm text-muted tabular-nums">
      {schedule.next !== null && (
        <span>
          Next <TimeText at={schedule.next} />
        </span>
      )}
      {schedule.lastRun !== null && schedule.lastRunAt !== null ? (
        <span>
          Last run{" "}
          <Link to="/activations" search={{ id: schedule.lastRun }} className="link">
            <TimeText at={schedule.lastRunAt} />
          </Link>
        </span>
      ) : (
        <span>Never ran</span>
      )}
      <span>{schedule.runs === 1 ? "1 run" : `${schedule.runs} runs`}</span>
    </p>
  );
}
