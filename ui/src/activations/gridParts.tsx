import type { ComponentPropsWithRef } from "react";

/*
 * The parts of an ARIA grid. A table's own elements would be laid out, and measured, as a table.
 */

export function RowGroup(props: ComponentPropsWithRef<"div">) {
  // biome-ignore lint/a11y/useSemanticElements: see above
  return <div role="rowgroup" {...props} />;
}

export function Row(props: ComponentPropsWithRef<"div">) {
  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see above; rows that take the focus say so
  return <div role="row" {...props} />;
}

export function Cell(props: ComponentPropsWithRef<"div">) {
  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see above; the row has the focus
  return <div role="gridcell" {...props} />;
}

export function Heading(props: ComponentPropsWithRef<"div">) {
  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see above; headings do nothing
  return <div role="columnheader" {...props} />;
}
