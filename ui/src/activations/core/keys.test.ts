import { expect, it } from "vitest";
import { GRID_KEYS, gridCommand } from "./keys";

const press = (key: string, change = {}) =>
  gridCommand({ key, ctrlKey: false, metaKey: false, altKey: false, ...change });

it("tells small letters from capitals", () => {
  expect([press("y"), press("Y"), press("g"), press("G")]).toEqual(["copyId", "copyCurl", "first", "last"]);
});

it("leaves the keys of the browser and the window alone", () => {
  expect(press("f", { ctrlKey: true })).toBeNull();
  expect(press("r", { metaKey: true })).toBeNull();
  expect(press("j", { altKey: true })).toBeNull();
  expect(press("Tab")).toBeNull();
});

it("gives every key one meaning", () => {
  const keys = GRID_KEYS.flatMap(({ keys }) => keys);
  expect(new Set(keys).size).toBe(keys.length);
});
