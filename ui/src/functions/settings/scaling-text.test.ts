import { expect, it } from "vitest";
import { scalingText } from "./scaling-text";

const usual = { target: 50, proportion: 90, least: 1, downWindowS: 0 };

it("says what a worker is for", () => {
  expect(scalingText({ ...usual, by: "rps" })).toBe(
    "Its workers follow the load: one for each 45 runs per second (50 × 90 %), within its bounds. Its deployment's labels say so.",
  );
  expect(scalingText({ ...usual, by: "cpu", target: 500, downWindowS: 60 })).toContain(
    "one for each 450 thousandths of a processor (500 × 90 %), within its bounds. They stay for 60 s",
  );
});

it("says that an unknown way of counting has no effect", () => {
  expect(scalingText({ ...usual, by: { other: "queue" } })).toContain(
    'is "queue", which Beckon does not count',
  );
});
