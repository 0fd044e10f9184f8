import { type Density, type Theme, usePrefs } from "@/app/prefs";
import { Section } from "@/ui/Section";
import { Segmented } from "@/ui/Segmented";

const THEMES: ReadonlyArray<{ value: Theme; label: string }> = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

const DENSITIES: ReadonlyArray<{ value: Density; label: string }> = [
  { value: "compact", label: "Compact" },
  { value: "normal", label: "Normal" },
  { value: "comfortable", label: "Comfortable" },
];

export function AppearanceSection() {
  const { theme, density, letterKeys, set } = usePrefs();
  return (
    <Section title="Appearance" description="For this window only.">
      <div className="grid grid-cols-[140px_1fr] items-center gap-y-3">
        <span>Theme</span>
        <div>
          <Segmented
            label="Theme"
            value={theme}
            onChange={(value) => set({ theme: value })}
            options={THEMES}
          />
        </div>
        <span>Density of lists</span>
        <div>
          <Segmented
            label="Density of lists"
            value={density}
            onChange={(value) => set({ density: value })}
            options={DENSITIES}
          />
        </div>
        <span>Keyboard</span>
        <label className="flex min-h-6 items-center gap-2">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={letterKeys}
            onChange={(event) => set({ letterKeys: event.target.checked })}
          />
          Single-letter keys (press ? for the list)
        </label>
      </div>
    </Section>
  );
}
