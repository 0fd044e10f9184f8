import { describe, expect, it } from "vitest";
import { formatRequest, parseRequest, toDraft } from "./request";

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
