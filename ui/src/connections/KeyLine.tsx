import { Clock, TriangleAlert } from "lucide-react";
import type { Connection } from "@/platform";
import { formatDate, formatRelative } from "@/ui/format";
import { useNow } from "@/ui/TimeText";
import { keyEnd } from "./keys";

/** The end of a connection's key: its last characters, and how long it lasts where that is known. */
export function KeyLine({ connection }: { connection: Connection }) {
  const now = useNow();
  const end = keyEnd(connection, now);
  return (
    <p className="text-sm text-subtle">
      <span className="whitespace-nowrap">
        Key <span className="font-mono">…{connection.keyHint}</span>
      </span>
      {end?.state === "renewed" && (
        <>
          {" "}
          · renewed automatically, until <span className="whitespace-nowrap">{formatDate(end.at)}</span>
        </>
      )}
      {end?.state === "lasts" && <> · ends {formatDate(end.at)}</>}
      {end?.state === "soon" && (
        <span className="text-warn">
          {" "}
          · <Clock size={12} className="inline align-[-1px]" aria-hidden /> ends {formatRelative(end.at, now)}
        </span>
      )}
      {end?.state === "ended" && (
        <span className="text-bad">
          {" "}
          · <TriangleAlert size={12} className="inline align-[-1px]" aria-hidden /> ended{" "}
          {formatRelative(end.at, now)}
        </span>
      )}
    </p>
  );
}
