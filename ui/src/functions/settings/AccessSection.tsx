import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { CopyCurl } from "@/copy";
import { toDraft } from "@/invoke/draft";
import { ErrorAction } from "@/invoke/ErrorAction";
import { parseRequest } from "@/invoke/request";
import { useSession } from "@/invoke/session";
import { api, type FunctionDetail, type FunctionRef, type ShownToken } from "@/platform";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { FormError } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { useAttempt } from "@/ui/useAttempt";

export function AccessSection({ target, detail }: { target: FunctionRef; detail: FunctionDetail }) {
  const [shown, setShown] = useState<ShownToken | null>(null);
  const { text } = useSession(target);
  const reveal = useAttempt(async () => setShown(await api.showToken({ function: target })));

  return (
    <Section title="Access & Security" description="How programs call this function.">
      {detail.apiUrl === null ? (
        <p className="text-muted">There is no REST API for it: the gateway is not served.</p>
      ) : (
        <div className="rounded-lg border border-line">
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2.5">
            <div className="min-w-0 flex-1">
              <p className="font-medium">REST API</p>
              <p className="flex items-center gap-1">
                <code className="min-w-0 break-all text-muted select-text">{detail.apiUrl}</code>
                <CopyButton text={detail.apiUrl} label="Copy URL" />
              </p>
            </div>
            <div className="flex items-center gap-2">
              <Button
                icon={shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
                busy={reveal.busy}
                onClick={() => (shown ? setShown(null) : void reveal.run())}
              >
                {shown ? "Hide token" : "Show token"}
              </Button>
              <CopyCurl
                source={
                  detail.speaksHttp
                    ? { type: "request", function: target, request: toDraft(parseRequest(text ?? "")) }
                    : { type: "function", function: target, input: text ?? "{}" }
                }
              />
            </div>
          </div>
          {detail.functionUrl !== null && (
            <div className="border-t border-line px-3 py-2.5">
              <p className="font-medium">Function URL, without a token</p>
              <p className="flex items-center gap-1">
                <code className="min-w-0 break-all text-muted select-text">{detail.functionUrl}</code>
                <CopyButton text={detail.functionUrl} label="Copy function URL" />
              </p>
            </div>
          )}
          {shown !== null && (
            <div className="flex items-center gap-2 border-t border-line bg-inset px-3 py-2">
              <span className="shrink-0 text-muted">{shown.name}</span>
              <code className="min-w-0 flex-1 break-all select-all" data-testid="shown-token">
                {shown.credential}
              </code>
              <CopyButton text={shown.credential} label="Copy token" />
            </div>
          )}
          {reveal.error !== null && (
            <div className="border-t border-line p-3">
              <FormError error={reveal.error} />
              <ErrorAction error={reveal.error} />
            </div>
          )}
        </div>
      )}
    </Section>
  );
}
