import type { ReactNode } from "react";
import type { Activation, Exchange } from "@/platform";
import { CopyButton } from "@/ui/CopyButton";
import { HeaderList } from "@/ui/HeaderList";
import { HttpStatus } from "@/ui/HttpStatus";
import { BodyView } from "@/viewers/BodyView";
import { attachmentName, type Body, fileName, inputBody, resultBody } from "@/viewers/body";

/** What went over HTTP in a run. */
export function HttpPane({ activation, http }: { activation: Activation; http: Exchange }) {
  const sent = inputBody(activation);
  const came = resultBody(activation);
  const target = http.query === "" ? http.path : `${http.path}?${http.query}`;
  return (
    <div data-testid="http" className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
      <Side title="Request">
        <p className="mb-2 flex items-center gap-2">
          <strong className="font-mono text-sm font-semibold">{http.method}</strong>
          <code className="min-w-0 break-all">{target}</code>
          <CopyButton text={target} label="Copy path" />
        </p>
        <HeaderList label="Request headers" headers={http.headers} />
        {sent && <BodyOf body={sent} label="Request body" file={`input-${fileName(activation, sent)}`} />}
      </Side>
      <Side title="Response">
        {http.status === null ? (
          <p className="text-muted">There is no response yet, or the run ended without one.</p>
        ) : (
          <>
            <p className="mb-2">
              <HttpStatus status={http.status} />
            </p>
            <HeaderList label="Response headers" headers={http.responseHeaders} />
            {came && (
              <BodyOf
                body={came}
                label="Response body"
                file={attachmentName(http.responseHeaders) ?? fileName(activation, came)}
              />
            )}
          </>
        )}
      </Side>
      <p className="text-sm text-subtle">
        Values that carry credentials are not kept: they are shown as ***.
      </p>
    </div>
  );
}

function Side({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="mb-5">
      <h3 className="mb-1.5 font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function BodyOf({ body, label, file }: { body: Body; label: string; file: string }) {
  if (body.form === "empty") return <p className="mt-2 text-muted">No body</p>;
  return (
    <div className="mt-2 flex h-64 flex-col overflow-hidden rounded-md border border-line">
      <BodyView body={body} label={label} file={file} />
    </div>
  );
}
