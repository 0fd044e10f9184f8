import { describe, expect, it } from "vitest";
import type { Exchange } from "@/platform";
import { formatRequest, parseRequest, requestOf, toDraft, unfilled, withoutCredentials } from "./request";

describe("a typed request", () => {
  it("comes back as it was remembered", () => {
    const form = {
      method: "PUT",
      path: "/a",
      query: "x=1",
      headers: [{ name: "X-A", value: "1" }],
      body: '{"method":"GET"}',
    };
    expect(parseRequest(formatRequest(form))).toEqual(form);
  });

  it("is a POST of what was typed for a function of another kind, or a plain GET", () => {
    expect(parseRequest('{"name":"Ada"}')).toMatchObject({ method: "POST", body: '{"name":"Ada"}' });
    expect(parseRequest("hello")).toMatchObject({ method: "POST", body: "hello" });
    expect(parseRequest("{}")).toMatchObject({ method: "GET", headers: [], body: "" });
  });

  it("is sent without headers that have no name", () => {
    const form = {
      ...parseRequest("hi"),
      headers: [
        { name: " ", value: "1" },
        { name: "X-A", value: "" },
      ],
    };
    expect(toDraft(form).headers).toEqual([["X-A", ""]]);
  });
});

it("is kept without its credentials", () => {
  const form = { method: "GET", path: "/", query: "", body: "", headers: [{ name: "X-A", value: "1" }] };
  expect(withoutCredentials(formatRequest(form))).toBe(formatRequest(form));
  const typed = { ...form, headers: [...form.headers, { name: "authorization ", value: "Bearer x" }] };
  const kept = withoutCredentials(formatRequest(typed));
  expect(kept).not.toContain("Bearer");
  expect(unfilled(parseRequest(kept))).toEqual(["authorization "]);
});

describe("the request of a past run", () => {
  const http: Exchange = {
    method: "PUT",
    path: "/a%20b",
    query: "x=1&x=2",
    headers: [
      ["Host", "127.0.0.1:6464"],
      ["Content-Length", "5"],
      ["X-A", "1"],
      ["Authorization", "***"],
    ],
    body: "text",
    status: 200,
    responseHeaders: [],
    responseBody: "empty",
  };

  it("has everything but what the connection adds, and asks for credentials", () => {
    const form = requestOf(http, '"hi\\nyou"');
    expect(form).toEqual({
      method: "PUT",
      path: "/a%20b",
      query: "x=1&x=2",
      headers: [
        { name: "X-A", value: "1" },
        { name: "Authorization", value: "", masked: true },
      ],
      body: "hi\nyou",
    });
    expect(unfilled(form)).toEqual(["Authorization"]);
    expect(parseRequest(formatRequest(form))).toEqual(form);
  });

  it("has the bytes of every form of body", () => {
    expect(requestOf({ ...http, body: "json" }, '{"a": 1}').body).toBe('{"a": 1}');
    expect(requestOf({ ...http, body: "empty" }, "{}").body).toBe("");
    expect(toDraft(requestOf({ ...http, body: "base64" }, '"/wA="')).body).toEqual({
      type: "base64",
      base64: "/wA=",
    });
  });
});
