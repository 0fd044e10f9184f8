import { Ban } from "lucide-react";
import { useMemo } from "react";
import type { Activation } from "@/platform";
import { Button } from "@/ui/Button";
import { formatBytes, formatDuration } from "@/ui/format";
import { Spinner } from "@/ui/Spinner";
import { isPending, STATUS } from "@/ui/StatusBadge";
import { BodyView } from "@/viewers/BodyView";
import { attachmentName, fileName, resultBody } from "@/viewers/body";
import { parseJson, plainOf } from "@/viewers/json/parse";
import { InFlight } from "./InFlight";
import { useElapsed } from "./useElapsed";

interface ResultPaneProps {
  activation: Activation;
  onCancel?: () => void;
}

export function ResultPane({ activation, onCancel }: ResultPaneProps) {
  if (activation.status === "polling") return <InFlight activation={activation} />;
  if (isPending(activation.status)) return <Pending activation={activation} onCancel={onCancel} />;
  const body = resultBody(activation);
  if (activation.result === null || body === null) {
    return (
      <p data-testid="result" className="px-4 py-8 text-center text-muted">
        {STATUS[activation.status].meaning} There is no result.
      </p>
    );
  }
  return (
    <>
      {activation.status !== "success" && <Failure activation={activation} result={activation.result} />}
      <BodyView
        body={body}
        label="Result"
        file={attachmentName(activation.http?.responseHeaders ?? []) ?? fileName(activation, body)}
        empty="The response has no body."
        testId="result"
      />
      {activation.resultTruncated && (
        <p className="flex min-h-7 shrink-0 items-center border-t border-line bg-warn-soft px-3 text-sm text-warn">
          The function's result was {formatBytes(activation.resultBytes)}, over its limit, and was not kept.
        </p>
      )}
    </>
  );
}

/** The text of an error, with its line breaks: a tree shows one line of it. */
function errorText(result: string): string | null {
  try {
    const node = parseJson(result).children.find(({ key }) => key === "error");
    return node?.kind === "string" ? plainOf(node, result) : null;
  } catch {
    return null;
  }
}

function Failure({ activation, result }: { activation: Activation; result: string }) {
  const text = useMemo(() => errorText(result), [result]);
  // The tree shows a short error as well as this would.
  if (text === null || (text.length < 60 && !text.includes("\n"))) return null;
  const { icon: Icon, word, tone } = STATUS[activation.status];
  return (
    <div
      className={
        tone === "bad"
          ? "flex shrink-0 gap-2 bg-bad-soft px-4 py-2 text-bad"
          : "flex shrink-0 gap-2 bg-warn-soft px-4 py-2 text-warn"
      }
    >
      <Icon size={15} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{word}</p>
        <pre className="mt-0.5 max-h-44 overflow-y-auto break-words whitespace-pre-wrap text-fg">
          {text.slice(0, 20_000)}
        </pre>
      </div>
    </div>
  );
}

function Pending({ activation, onCancel }: ResultPaneProps) {
  const elapsed = useElapsed(activation.start, true);
  return (
    <div role="status" className="flex flex-col items-center gap-3 px-4 py-8 text-center">
      <p className="flex items-center gap-2 font-medium">
        <Spinner />
        {STATUS[activation.status].word}
        {/* Read out once, not four times a second. */}
        <span aria-hidden className="font-normal text-muted">
          {formatDuration(Math.floor(elapsed / 100) * 100)}
        </span>
      </p>
      <p className="text-muted">{STATUS[activation.status].meaning}</p>
      {onCancel && (
        <Button icon={<Ban size={14} aria-hidden />} onClick={onCancel}>
          Cancel run
        </Button>
      )}
    </div>
  );
}
