import type { ReactNode } from "react";

/** The ways to add connections. */
export type WayName = "key" | "token" | "found";

/** What the dialog shows of one, and its buttons. */
export interface Way {
  body: ReactNode;
  footer: ReactNode;
}
