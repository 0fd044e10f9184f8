import { describe, expect, it } from "vitest";
import {
  fromLocalField,
  rangeLabel,
  rangeText,
  readInstant,
  shortTime,
  toLocalField,
  writeInstant,
} from "./time";

const NOW = Date.UTC(2026, 10, 21, 5, 7, 13);

describe("instants", () => {
  it("are read as the panel reads them", () => {
    expect(readInstant("-15m", NOW)).toBe(NOW - 900_000);
    expect(readInstant("now", NOW)).toBe(NOW);
    expect(readInstant("1692623022053", NOW)).toBe(1_692_623_022_053);
    expect(readInstant("2026-11-21", NOW)).toBe(Date.UTC(2026, 10, 21));
    expect(readInstant("2026-11-21T05:07:13Z", NOW)).toBe(NOW);
    expect(readInstant("2026-11-21T05:07", NOW)).toBe(NOW - 13_000);
    expect(readInstant("yesterday", NOW)).toBeNull();
    expect(readInstant("2026-13-01", NOW)).toBeNull();
  });

  it("are written in UTC and read back", () => {
    expect(writeInstant(NOW)).toBe("2026-11-21T05:07:13Z");
    expect(writeInstant(NOW - 13_000)).toBe("2026-11-21T05:07Z");
    expect(writeInstant(NOW + 5)).toBe("2026-11-21T05:07:13.005Z");
    for (const at of [NOW, NOW - 13_000, NOW + 5]) expect(readInstant(writeInstant(at), 0)).toBe(at);
  });

  it("are typed in local time", () => {
    expect(fromLocalField(toLocalField(NOW))).toBe(NOW);
    expect(new Date(fromLocalField("2026-11-21T06:30") ?? 0).getHours()).toBe(6);
    expect(fromLocalField("")).toBeNull();
  });
});

describe("for people", () => {
  it("a row's time has a date only when it needs one", () => {
    const noon = new Date(2026, 10, 21, 12, 0, 5).getTime();
    expect(shortTime(noon, noon)).toBe("12:00:05");
    expect(shortTime(noon - 86_400_000, noon)).toBe("11-20 12:00:05");
    expect(shortTime(noon - 400 * 86_400_000, noon)).toBe("2025-10-17 12:00:05");
  });

  it("a stretch says the date once, and seconds only where there are any", () => {
    const at = (day: number, hour: number, second = 0) => new Date(2026, 10, day, hour, 30, second).getTime();
    expect(rangeText(at(20, 13), at(20, 17), at(21, 6))).toBe("11-20 13:30 – 17:30");
    expect(rangeText(at(20, 13), at(21, 5), at(21, 6))).toBe("11-20 13:30 – 05:30");
    expect(rangeText(at(19, 13), at(20, 5), at(21, 6))).toBe("11-19 13:30 – 11-20 05:30");
    expect(rangeText(at(21, 4), at(21, 4, 10), at(21, 6))).toBe("04:30:00 – 04:30:10");
  });

  it("a range", () => {
    expect(rangeLabel("-1h", null, NOW)).toBe("Last hour");
    expect(rangeLabel(null, null, NOW)).toBe("All times");
    expect(rangeLabel(null, "yesterday", NOW)).toBe("the beginning – yesterday");
  });
});
