import { expect, it } from "vitest";
import type { Connection, FunctionSummary } from "@/platform";
import { choicesOf, pick } from "./FunctionPicker";

const connection = (id: string, kind: Connection["kind"]) => ({ id, kind, name: id }) as Connection;
const fn = (namespace: string, name: string) => ({ namespace, name }) as FunctionSummary;

it("names only as much as tells functions apart", () => {
  const choices = choicesOf([
    {
      connection: connection("local", "local"),
      functions: [fn("playground", "hello"), fn("playground", "alone")],
    },
    { connection: connection("cafe", "digitalocean"), functions: [fn("fn-378", "hello")] },
  ]);
  expect(choices.map(({ name, where }) => `${name} ${where}`)).toEqual([
    "alone playground",
    "hello cafe · fn-378",
    "hello playground",
  ]);
  const texts = choices.map((choice) => pick("status:error fn:old", choice));
  expect(texts).toEqual([
    "status:error fn:alone",
    "status:error fn:hello ns:fn-378 conn:cafe",
    "status:error fn:hello ns:playground conn:local",
  ]);
});

it("takes all of it back for all functions", () => {
  const none = { connection: null, namespace: null, name: "" };
  expect(pick("conn:cafe ns:x fn:hello word", none)).toBe("word");
});
