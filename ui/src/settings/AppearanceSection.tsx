import { type Density, type Theme, usePrefs } from "@/app/prefs";
import { Checkbox } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { Segmented } from "@/ui/Segmented";
import { SettingRow } from "./SettingRow";

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
    <Section title="Appearance" description="Of this window only; changes are used at once.">
      <SettingRow label="Theme">
        <Segmented label="Theme" value={theme} onChange={(value) => set({ theme: value })} options={THEMES} />
      </SettingRow>
      <SettingRow label="Density of lists">
        <Segmented
          label="Density of lists"
          value={density}
          onChange={(value) => set({ density: value })}
          options={DENSITIES}
        />
      </SettingRow>
      <SettingRow label="Keyboard">
        <label htmlFor="letter-keys" className="flex min-h-6 items-center gap-2">
          <Checkbox
            id="letter-keys"
            checked={letterKeys}
            onChange={(event) => set({ letterKeys: event.target.checked })}
          />
          Single-letter keys (press ? for the list)
        </label>
      </SettingRow>
    </Section>
  );
}
