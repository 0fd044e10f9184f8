import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { carriesHost, connectionSchema, toDraft, toForm } from "./connection-form";

const CURL =
  "curl -X POST 'https://faas.example/api/v1/namespaces/_/actions/a' \\\n  -H 'Authorization: Basic YTpi'";
const base = { ...toForm(undefined), name: "Shop" };

function problems(form: typeof base, editing = false): Record<string, string> {
  const result = v.safeParse(connectionSchema(editing), form);
  return Object.fromEntries(
    (result.issues ?? []).map((issue) => [String(issue.path?.[0]?.key), issue.message]),
  );
}

describe("a new connection", () => {
  it("takes a host with a key, or a whole curl command alone", () => {
    expect(problems({ ...base, apiHost: "faas.example", key: "user:key" })).toEqual({});
    expect(problems({ ...base, key: CURL })).toEqual({});
    expect(problems({ ...base, key: "AUTH=user:key\nAPIHOST=faas.example" })).toEqual({});
  });

  it("asks for what is missing, at its field", () => {
    expect(Object.keys(problems({ ...base, name: "  " }))).toEqual(["name", "key"]);
    expect(Object.keys(problems({ ...base, key: "user:key" }))).toEqual(["apiHost"]);
    expect(Object.keys(problems({ ...base, apiHost: "curl https://x", key: "user:key" }))).toEqual([
      "apiHost",
    ]);
  });
});

describe("an OpenFaaS gateway", () => {
  const gateway = { ...base, kind: "openfaas" as const, apiHost: "http://127.0.0.1:8080" };

  it("needs its URL, and a password only where it asks for one", () => {
    expect(problems(gateway)).toEqual({});
    expect(Object.keys(problems({ ...gateway, apiHost: "" }))).toEqual(["apiHost"]);
    expect(Object.keys(problems({ ...gateway, user: "a:b" }))).toEqual(["user"]);
  });

  it("is added with an empty password, and edited with the one that is kept", () => {
    expect(toDraft({ ...gateway, user: " ops " }, false)).toMatchObject({ key: "", user: "ops" });
    expect(toDraft({ ...gateway, user: "" }, true)).toMatchObject({ key: null, user: "" });
    expect(toDraft({ ...gateway, key: "pw" }, true)).toMatchObject({ key: "pw" });
    expect(toDraft({ ...base, key: "a:b" }, false)).not.toHaveProperty("user");
  });
});

it("takes the id and the secret of a client of Spaces", () => {
  const client = { ...base, kind: "spaces" as const, apiHost: "https://api.example/spaces/s", user: "id" };
  expect(Object.keys(problems(client))).toEqual(["key"]);
  expect(toDraft({ ...client, key: " secret " }, false)).toMatchObject({ user: "id", key: "secret" });
});

describe("an edited connection", () => {
  it("keeps its key when none is typed, and still needs a host", () => {
    expect(problems({ ...base, apiHost: "faas.example" }, true)).toEqual({});
    expect(Object.keys(problems(base, true))).toEqual(["apiHost"]);
  });

  it("sends no key rather than an empty one", () => {
    expect(toDraft({ ...base, apiHost: " faas.example ", key: "  " }, true)).toMatchObject({
      apiHost: "faas.example",
      key: null,
    });
  });
});

it("knows which texts say their host", () => {
  expect(carriesHost(` ${CURL}`)).toBe(true);
  expect(carriesHost("curly:key")).toBe(false);
});
