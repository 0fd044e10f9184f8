import { Popover } from "@base-ui/react/popover";
import { Link } from "@tanstack/react-router";
import { Cpu } from "lucide-react";
import { WORKER_STATE } from "@/engine/worker-state";
import type { EngineStatus } from "@/platform";
import { cx } from "@/ui/cx";
import { formatCount } from "@/ui/format";
import { TimeText } from "@/ui/TimeText";

function summary(engine: EngineStatus): string {
  const workers = engine.workers.length;
  const warm = `${workers} ${workers === 1 ? "worker" : "workers"}`;
  return engine.running === 0 ? `Engine idle, ${warm}` : `Engine running ${engine.running}, ${warm}`;
}

/** The engine in the status bar; pressed, its workers. */
export function EnginePopover({ engine, lost }: { engine: EngineStatus | undefined; lost: boolean }) {
  return (
    <Popover.Root>
      <Popover.Trigger
        disabled={!engine}
        className="inline-flex h-6 items-center gap-1.5 rounded-sm px-1.5 whitespace-nowrap hover:bg-hover data-popup-open:bg-hover"
      >
        <Cpu size={13} aria-hidden className={cx(!lost && engine && engine.running > 0 && "text-info")} />
        {lost ? "Engine unknown" : engine ? summary(engine) : "Engine …"}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="top" align="start" sideOffset={6} className="z-50">
          <Popover.Popup className="appear w-130 rounded-lg border border-line bg-raised text-base shadow-float">
            <div className="flex items-center border-b border-line px-4 py-2.5">
              <Popover.Title className="flex-1 font-semibold">Local engine</Popover.Title>
              <Popover.Close render={<Link to="/engine" />} nativeButton={false} className="link text-sm">
                Open engine page
              </Popover.Close>
            </div>
            {engine && <Workers engine={engine} />}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Workers({ engine }: { engine: EngineStatus }) {
  return (
    <>
      <dl className="flex gap-6 px-4 py-3 text-sm">
        {[
          ["Running", engine.running],
          ["Queued", engine.queued],
          ["Runs since start", engine.total],
          ["Cold starts", engine.cold],
        ].map(([label, value]) => (
          <div key={label}>
            <dt className="text-muted">{label}</dt>
            <dd className="text-base font-medium">{formatCount(Number(value))}</dd>
          </div>
        ))}
      </dl>
      {engine.workers.length === 0 ? (
        <p className="px-4 pb-4 text-muted">No worker is warm. The next run starts one.</p>
      ) : (
        <div className="max-h-80 overflow-y-auto pb-2">
          <table className="w-full text-sm">
            <thead>
              <tr className="text-left text-muted [&>th]:h-7 [&>th]:px-2 [&>th]:font-normal [&>th:first-child]:pl-4">
                <th>Function</th>
                <th>State</th>
                <th className="text-right">Runs</th>
                <th className="text-right">Process</th>
                <th>Started</th>
              </tr>
            </thead>
            <tbody>
              {engine.workers.map((worker) => (
                <tr key={worker.number} className="[&>td]:h-7 [&>td]:px-2 [&>td:first-child]:pl-4">
                  <td className="max-w-44 truncate">
                    {worker.function.namespace}/{worker.function.name}
                    <span className="text-subtle"> {worker.version}</span>
                  </td>
                  <td>{WORKER_STATE[worker.state].word}</td>
                  <td className="text-right">{formatCount(worker.runs)}</td>
                  <td className="text-right font-mono text-xs">{worker.pid}</td>
                  <td>
                    <TimeText at={worker.started} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
