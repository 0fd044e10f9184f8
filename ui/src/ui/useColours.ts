import { type RefObject, useEffect, useState } from "react";

interface Colours<K extends string> {
  readonly of: Readonly<Record<K, string>>;
  readonly font: string;
}

/** A canvas knows no variables, and `light-dark()` is resolved only where it is used: an element is asked for it. */
function resolve<K extends string>(parent: HTMLElement, variables: Readonly<Record<K, string>>): Colours<K> {
  const probe = document.createElement("span");
  probe.hidden = true;
  parent.append(probe);
  const entries = Object.entries<string>(variables).map(([key, variable]) => {
    probe.style.color = `var(${variable})`;
    return [key, getComputedStyle(probe).color];
  });
  probe.remove();
  return { of: Object.fromEntries(entries), font: getComputedStyle(parent).fontFamily };
}

/** The colours that variables have in the theme that is on now; null until the first look. `variables` must be stable. */
export function useColours<K extends string>(
  parent: RefObject<HTMLElement | null>,
  variables: Readonly<Record<K, string>>,
): Colours<K> | null {
  const [colours, setColours] = useState<Colours<K> | null>(null);
  useEffect(() => {
    const update = () => parent.current && setColours(resolve(parent.current, variables));
    update();
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", update);
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      system.removeEventListener("change", update);
      observer.disconnect();
    };
  }, [parent, variables]);
  return colours;
}
