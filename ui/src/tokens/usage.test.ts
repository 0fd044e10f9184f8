import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { sampleFunctions } from "../../tests/fixtures/samples";
import { exampleOf, shellQuote, usageLine } from "./usage";

const GATEWAY = "http://127.0.0.1:6464";

/** The words that a real shell makes of a line. */
function words(line: string): string[] {
  const out = execFileSync("/bin/sh", ["-c", `curl() { printf '%s\\0' "$@"; }; ${line}`], {
    encoding: "utf8",
  });
  return out.split("\0").slice(0, -1);
}

describe("usageLine", () => {
  it("calls the function that the token reaches", () => {
    const line = usageLine(
      GATEWAY,
      { type: "function", namespace: "playground", name: "hello" },
      "hello",
      "id:secret",
    );
    expect(words(line)).toEqual([
      "-u",
      "id:secret",
      "-X",
      "POST",
      `${GATEWAY}/api/v1/namespaces/playground/actions/hello?blocking=true&result=true`,
    ]);
  });

  it("lists the functions where there is none to call", () => {
    const line = usageLine(GATEWAY, { type: "namespace", namespace: "empty" }, null, "id:secret");
    expect(words(line)).toEqual(["-u", "id:secret", `${GATEWAY}/api/v1/namespaces/empty/actions`]);
  });

  it("encodes names and keeps a package's slash", () => {
    const line = usageLine(GATEWAY, { type: "namespace", namespace: "a b" }, "pkg/it's $HOME", "id:secret");
    expect(words(line).at(-1)).toBe(
      `${GATEWAY}/api/v1/namespaces/a%20b/actions/pkg/it's%20%24HOME?blocking=true&result=true`,
    );
  });
});

it.each(["plain", "it's", '$HOME `id` \\ "x" !', "-n", "@file", "two\nlines", "ü→"])(
  "quotes %j for a real shell",
  (text) => {
    expect(words(`curl ${shellQuote(text)}`)).toEqual([text]);
  },
);

it("shows the call of the function in use, or else of the first by name", () => {
  const functions = sampleFunctions().map(({ function: { namespace, name }, ...rest }) => ({
    ...rest,
    namespace,
    name,
    imageName: null,
  }));
  const local = { connection: "local", namespace: "playground", name: "hello-shell" };
  expect(exampleOf("playground", local, functions)).toBe("hello-shell");
  expect(exampleOf("playground", { ...local, connection: "0af3" }, functions)).toBe("hello");
  expect(exampleOf("empty", local, functions)).toBeNull();
});
