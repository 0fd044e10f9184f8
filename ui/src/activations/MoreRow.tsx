import { explain } from "@/platform/errors";
import { Button } from "@/ui/Button";
import type { ActivationLog, LogState } from "./core/log";
import { Cell, Row, RowGroup } from "./gridParts";

/** Below the last row: more is coming, could not be read, or this is the end. */
export function MoreRow({ log, state }: { log: ActivationLog; state: LogState }) {
  if (state.rows.length === 0) return null;
  return (
    <RowGroup>
      <Row className="flex h-9 items-center justify-center gap-3 text-sm text-subtle">
        <Cell className="flex items-center gap-3">
          {state.moreError ? (
            <>
              <span className="text-bad">{explain(state.moreError).message}</span>
              <Button size="sm" onClick={() => log.retryMore()}>
                Try again
              </Button>
            </>
          ) : state.rows.next ? (
            "Loading older runs"
          ) : (
            "The oldest run of this list"
          )}
        </Cell>
      </Row>
    </RowGroup>
  );
}
