import { type RefObject, useEffect, useState } from "react";
import type { SeriesKey } from "./core/histogramMaths";
import type { Palette } from "./drawHistogram";

const VARIABLES: Record<SeriesKey, string> = {
  success: "--bar-success",
  applicationError: "--bar-application",
  developerError: "--bar-developer",
  systemError: "--bar-system",
  pending: "--bar-pending",
};

export const SWATCH: Record<SeriesKey, string> = {
  success: "bg-(--bar-success)",
  applicationError: "bg-(--bar-application)",
  developerError: "bg-(--bar-developer)",
  systemError: "bg-(--bar-system)",
  pending: "bg-(--bar-pending)",
};

/** A canvas knows no variables, and `light-dark()` is resolved only where it is used: an element is asked for it. */
function resolve(parent: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  parent.append(probe);
  const colour = (variable: string) => {
    probe.style.color = `var(${variable})`;
    return getComputedStyle(probe).color;
  };
  const series = Object.fromEntries(
    Object.entries(VARIABLES).map(([key, variable]) => [key, colour(variable)]),
  ) as Record<SeriesKey, string>;
  const palette = {
    series,
    line: colour("--line"),
    label: colour("--fg-subtle"),
    font: getComputedStyle(parent).fontFamily,
  };
  probe.remove();
  return palette;
}

const NONE: Palette = {
  series: { success: "", applicationError: "", developerError: "", systemError: "", pending: "" },
  line: "",
  label: "",
  font: "sans-serif",
};

/** The colours of the theme that is on now. */
export function usePalette(parent: RefObject<HTMLElement | null>): Palette {
  const [palette, setPalette] = useState(NONE);
  useEffect(() => {
    const update = () => parent.current && setPalette(resolve(parent.current));
    update();
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", update);
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      system.removeEventListener("change", update);
      observer.disconnect();
    };
  }, [parent]);
  return palette;
}
