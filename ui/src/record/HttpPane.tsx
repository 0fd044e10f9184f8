import type { ReactNode } from "react";
import type { BodyForm, Exchange } from "@/platform";
import { CopyButton } from "@/ui/CopyButton";
import { HeaderList } from "@/ui/HeaderList";
import { HttpStatus } from "@/ui/HttpStatus";

const BODY: Record<BodyForm, string> = {
  empty: "No body",
  json: "JSON",
  text: "Text",
  base64: "Bytes, shown as base64",
};

/** What went over HTTP in a run, beside the bodies. */
export function HttpPane({ http }: { http: Exchange }) {
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
        <Body form={http.body} place="Input" />
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
            <Body form={http.responseBody} place="Result" />
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

function Body({ form, place }: { form: BodyForm; place: "Input" | "Result" }) {
  return (
    <p className="mt-2 text-muted">
      Body: {BODY[form]}
      {form !== "empty" && `, under ${place}`}
    </p>
  );
}
