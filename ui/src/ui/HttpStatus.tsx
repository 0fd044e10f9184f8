import { Badge, type Tone } from "./Badge";

/** The names that people know; the number says the rest. */
const NAMES: Record<number, string> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function toneOf(status: number): Tone {
  if (status >= 500) return "bad";
  if (status >= 400) return "warn";
  return status >= 300 ? "info" : "ok";
}

/** An HTTP status: its number, and its name where it has a known one. */
export function HttpStatus({ status }: { status: number }) {
  const name = NAMES[status];
  return (
    <Badge tone={toneOf(status)}>
      <span className="sr-only">HTTP status </span>
      {status}
      {name !== undefined && ` ${name}`}
    </Badge>
  );
}
