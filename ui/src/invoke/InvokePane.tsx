import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AlignLeft, Play } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { useActions } from "@/app/actions";
import { CopyCurl } from "@/copy";
import type { Connection, FunctionDetail, FunctionRef, InvokeMode } from "@/platform";
import { Button } from "@/ui/Button";
import { CodeEditor } from "@/ui/CodeEditor";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { inputProblem, prettyJson } from "@/ui/json";
import { Kbd } from "@/ui/Kbd";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { CallbackField } from "./CallbackField";
import { toDraft } from "./draft";
import { InputProblem, Unsendable } from "./InputProblem";
import { requestProblem } from "./problem";
import { RequestEditor } from "./RequestEditor";
import { ResultPane } from "./ResultPane";
import { formatRequest, parseRequest } from "./request";
import { run } from "./run";
import { SavedRequests } from "./saved/SavedRequests";
import { useSession, useSessions } from "./session";
import { useDraft } from "./useDraft";

interface InvokePaneProps {
  target: FunctionRef;
  detail: FunctionDetail;
  connection: Connection | undefined;
}

export function InvokePane({ target, detail, connection }: InvokePaneProps) {
  const client = useQueryClient();
  const session = useSession(target);
  const patch = useSessions((sessions) => sessions.patch);
  const onText = useDraft(target, detail);
  const [refused, setRefused] = useState(false);
  const [refusals, setRefusals] = useState(0);
  const input = useRef<HTMLElement>(null);

  const mode: InvokeMode = session.mode;
  const text = session.text ?? "";
  const http = detail.speaksHttp;
  const request = useMemo(() => (http ? parseRequest(text) : null), [http, text]);
  const problem = http ? null : inputProblem(text);
  const unsendable = useMemo(() => (request ? requestProblem(request) : null), [request]);
  const draft = useMemo(() => (request ? toDraft(request) : null), [request]);
  const busy = session.callStarted !== null;
  // A system that keeps no records tells of the end of an asynchronous run by a callback alone, and takes POST alone.
  const recorded = connection?.capabilities.records !== false;

  function start() {
    if (session.text === null || busy) return;
    if (problem) {
      setRefused(true);
      input.current?.querySelector<HTMLElement>(".cm-content")?.focus();
      return;
    }
    if (unsendable) {
      setRefused(true);
      setRefusals((times) => times + 1);
      return;
    }
    setRefused(false);
    // What ran is remembered as what was typed is: the example that it began with, too.
    onText(text);
    void run(client, target, http);
  }

  useActions([{ id: "run", title: "Run the function", section: "Function", keys: "$mod+Enter", run: start }]);

  function format() {
    if (text.trim() !== "" && !problem) onText(prettyJson(text));
  }

  return (
    <div
      className={cx(
        "grid h-full min-h-90 grid-cols-1 lg:grid-cols-[minmax(320px,2fr)_3fr] lg:grid-rows-1",
        http
          ? "grid-rows-[minmax(300px,2fr)_minmax(280px,3fr)]"
          : "grid-rows-[minmax(180px,2fr)_minmax(260px,3fr)]",
      )}
    >
      <section
        ref={input}
        aria-label="Input"
        className="flex min-h-0 min-w-0 flex-col border-line max-lg:border-b lg:border-r"
      >
        <div className="flex h-11 shrink-0 items-center gap-2 border-b border-line pr-4 pl-6">
          <Button
            variant={connection?.environment === "production" ? "danger" : "primary"}
            icon={<Play size={14} aria-hidden />}
            onClick={start}
            busy={busy}
            disabled={session.text === null}
            data-testid="run-button"
          >
            {connection?.environment === "production" ? "Run in production" : "Run"}
          </Button>
          <span className="max-xl:hidden">
            <Kbd keys="$mod+Enter" />
          </span>
          <span className="flex-1" />
          <Segmented
            label="How to wait"
            value={mode}
            onChange={(value) => {
              patch(target, { mode: value });
              if (value === "non_blocking" && !recorded && request && request.method !== "POST")
                onText(formatRequest({ ...request, method: "POST" }));
            }}
            options={[
              { value: "blocking", label: "Sync", title: "Wait for the result" },
              {
                value: "non_blocking",
                label: "Async",
                title: "Get the id at once; the run goes on by itself",
              },
            ]}
          />
        </div>
        {mode === "non_blocking" && connection?.capabilities.callbacks && (
          <CallbackField
            nobody={recorded ? "Nobody" : "Beckon, if it can be reached"}
            value={session.callback}
            onChange={(callback) => patch(target, { callback })}
          />
        )}
        <div className="flex h-8 shrink-0 items-center gap-2 border-b border-line pr-4 pl-6 text-sm text-muted">
          <h2 className="flex min-w-0 flex-1 items-center gap-2 font-medium">
            {http ? "Request" : "Input, a JSON object"}
            {session.saved !== null && session.rerunOf === null && (
              <span className="truncate font-normal text-subtle">{session.saved}</span>
            )}
            {session.rerunOf !== null && (
              <span className="truncate font-normal text-subtle">
                of run{" "}
                <Link to="/activations" search={{ id: session.rerunOf }} className="link font-mono">
                  …{session.rerunOf.slice(-8)}
                </Link>
              </span>
            )}
          </h2>
          {!http && (
            <IconButton
              size="sm"
              label="Format"
              icon={<AlignLeft size={13} aria-hidden />}
              onClick={format}
              disabled={problem !== null || text.trim() === ""}
            />
          )}
          <SavedRequests target={target} http={http} onText={onText} />
          {(detail.apiUrl !== null || detail.functionUrl !== null) && (
            <CopyCurl
              source={
                draft
                  ? { type: "request", function: target, request: draft }
                  : { type: "function", function: target, input: text }
              }
              defaultMode={mode === "blocking" ? "blocking" : "non_blocking"}
            />
          )}
        </div>
        {session.text === null ? (
          <Skeleton rows={3} className="flex-1 p-4" />
        ) : request ? (
          <RequestEditor
            value={request}
            onChange={(value) => {
              setRefused(false);
              onText(formatRequest(value));
            }}
            onSubmit={start}
            problem={unsendable}
            refusals={refusals}
          />
        ) : (
          <CodeEditor
            label="Input"
            language="json"
            lint
            value={session.text}
            onChange={(value) => {
              setRefused(false);
              onText(value);
            }}
            onSubmit={start}
            className="flex-1"
          />
        )}
        {unsendable && <Unsendable problem={unsendable} refused={refused} />}
        {problem && <InputProblem problem={problem} refused={refused} />}
      </section>
      <ResultPane target={target} session={session} />
    </div>
  );
}
