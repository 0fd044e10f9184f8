/** Colours that a series may have; each is told apart by its dash or its place in the stack as well. */
export type Colour = "success" | "application" | "developer" | "system" | "pending" | "accent" | "warn";

export const VARIABLES: Record<Colour | "line" | "label", string> = {
  success: "--bar-success",
  application: "--bar-application",
  developer: "--bar-developer",
  system: "--bar-system",
  pending: "--bar-pending",
  accent: "--accent-text",
  warn: "--warn",
  line: "--line",
  label: "--fg-subtle",
};

export const SWATCH: Record<Colour, string> = {
  success: "bg-(--bar-success) text-(--bar-success)",
  application: "bg-(--bar-application) text-(--bar-application)",
  developer: "bg-(--bar-developer) text-(--bar-developer)",
  system: "bg-(--bar-system) text-(--bar-system)",
  pending: "bg-(--bar-pending) text-(--bar-pending)",
  accent: "bg-accent-text text-accent-text",
  warn: "bg-warn text-warn",
};
