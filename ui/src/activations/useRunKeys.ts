import { useActions } from "@/app/actions";
import { GRID_KEYS } from "./core/keys";

/** As the list of keys writes them: a capital is Shift and the letter. */
function shown(key: string): string {
  if (key === " ") return "Space";
  return /^[A-Z]$/u.test(key) ? `Shift+${key.toLowerCase()}` : key;
}

const LISTED = GRID_KEYS.flatMap(({ command, keys, title }) => {
  const [first] = keys;
  return first === undefined
    ? []
    : [
        {
          id: `runs-${command}`,
          title,
          section: "Activations (while the list has the focus)",
          keys: shown(first),
          keysOnly: true,
        },
      ];
});

/** Lists the grid's keys under `?`. The grid itself handles them, so that they act only while it has the focus. */
export function useRunKeys(): void {
  useActions(LISTED);
}
