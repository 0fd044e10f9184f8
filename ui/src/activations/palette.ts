import { type RefObject, useMemo } from "react";
import { useColours } from "@/ui/useColours";
import type { SeriesKey } from "./core/histogramMaths";
import type { Palette } from "./drawHistogram";

const VARIABLES: Record<SeriesKey | "line" | "label", string> = {
  success: "--bar-success",
  applicationError: "--bar-application",
  developerError: "--bar-developer",
  systemError: "--bar-system",
  pending: "--bar-pending",
  line: "--line",
  label: "--fg-subtle",
};

export const SWATCH: Record<SeriesKey, string> = {
  success: "bg-(--bar-success)",
  applicationError: "bg-(--bar-application)",
  developerError: "bg-(--bar-developer)",
  systemError: "bg-(--bar-system)",
  pending: "bg-(--bar-pending)",
};

const NONE: Palette = {
  series: { success: "", applicationError: "", developerError: "", systemError: "", pending: "" },
  line: "",
  label: "",
  font: "sans-serif",
};

/** The colours of the theme that is on now. */
export function usePalette(parent: RefObject<HTMLElement | null>): Palette {
  const colours = useColours(parent, VARIABLES);
  return useMemo(() => {
    if (colours === null) return NONE;
    const { line, label, ...series } = colours.of;
    return { series, line, label, font: colours.font };
  }, [colours]);
}
