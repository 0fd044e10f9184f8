import { describe, expect, it } from "vitest";
import type { Exchange } from "@/platform";
import { toDraft } from "./draft";
import { keepFile } from "./files";
import { requestProblem } from "./problem";
import {
  formatRequest,
  parseRequest,
  type RequestForm,
  requestOf,
  unfilled,
  withoutCredentials,
  withType,
} from "./request";
import { formatQuery, parseHeaderText, parseQuery } from "./rows";

describe("a typed request", () => {
  it("comes back as it was remembered", () => {
    const form: RequestForm = {
      method: "PUT",
      type: "json",
      path: "/a",
      query: "x=1",
      headers: [{ name: "X-A", value: "1" }],
      body: '{"method":"GET"}',
    };
    expect(parseRequest(formatRequest(form))).toEqual(form);
  });

  it("is a POST of what was typed for a function of another kind, or a plain GET", () => {
    expect(parseRequest('{"name":"Ada"}')).toMatchObject({ method: "POST", body: '{"name":"Ada"}' });
    expect(parseRequest("hello")).toMatchObject({ method: "POST", type: "text", body: "hello" });
    expect(parseRequest("{}")).toMatchObject({ method: "GET", type: "none", headers: [], body: "" });
  });

  it("is sent without headers that have no name", () => {
    const form = {
      ...parseRequest("hi"),
      headers: [
        { name: " ", value: "1" },
        { name: "X-A", value: "" },
      ],
    };
    expect(toDraft(form).headers).toEqual([
      ["X-A", ""],
      ["Content-Type", "text/plain; charset=utf-8"],
    ]);
  });
});

it("is kept without its credentials", () => {
  const form: RequestForm = { ...parseRequest(""), headers: [{ name: "X-A", value: "1" }] };
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
      type: "text",
      body: "hi\nyou",
      untyped: true,
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

describe("the body", () => {
  const post = (over: Partial<RequestForm>): RequestForm => ({
    method: "POST",
    path: "/",
    query: "",
    headers: [],
    type: "none",
    body: "",
    ...over,
  });
  const typed = (value: string) => [{ name: "content-type", value }];
  const text = (base64: string) => Buffer.from(base64, "base64").toString("latin1");

  it("brings its Content-Type, unless a person typed one or wants none", () => {
    const json = post({ type: "json", body: "[1]" });
    expect(toDraft(json).headers).toEqual([["Content-Type", "application/json"]]);
    expect(toDraft({ ...json, headers: typed("application/ld+json") }).headers).toEqual([
      ["content-type", "application/ld+json"],
    ]);
    expect(toDraft({ ...json, untyped: true }).headers).toEqual([]);
    expect(toDraft(post({})).headers).toEqual([]);
  });

  it("is written as a form", () => {
    const rows = [
      { name: "a b", value: "1&2" },
      { name: "", value: "left out" },
    ];
    const draft = toDraft(post({ type: "form", rows }));
    expect(draft.body).toEqual({ type: "text", text: "a+b=1%262" });
    expect(draft.headers).toEqual([["Content-Type", "application/x-www-form-urlencoded"]]);
  });

  it("carries files among the fields of a form, byte for byte", async () => {
    const file = await keepFile(new File([Uint8Array.of(0, 255, 13, 10)], 'a"b.png', { type: "image/png" }));
    const rows = [
      { name: "title", value: "BeckonFormBoundary00000000" },
      { name: "photo", value: "", file },
    ];
    const { headers, body } = toDraft(post({ type: "multipart", rows }));
    expect(headers).toEqual([["Content-Type", "multipart/form-data; boundary=BeckonFormBoundary00000001"]]);
    expect(body.type === "base64" && text(body.base64)).toBe(
      [
        "--BeckonFormBoundary00000001",
        'Content-Disposition: form-data; name="title"',
        "",
        "BeckonFormBoundary00000000",
        "--BeckonFormBoundary00000001",
        'Content-Disposition: form-data; name="photo"; filename="a%22b.png"',
        "Content-Type: image/png",
        "",
        "\x00\xff\r\n",
        "--BeckonFormBoundary00000001--",
        "",
      ].join("\r\n"),
    );
    const own = toDraft(post({ type: "multipart", rows, headers: typed("multipart/mixed; boundary=x") }));
    expect(own.headers).toEqual([["content-type", "multipart/mixed; boundary=x"]]);
    expect(own.body.type === "base64" && text(own.body.base64)).toMatch(/^--x\r\n[\s\S]*--x--\r\n$/);
  });

  it("is a file, which a draft has the name of only", async () => {
    const file = await keepFile(new File([Uint8Array.of(1, 2)], "a.bin"));
    const form = post({ type: "file", file });
    expect(toDraft(form)).toMatchObject({
      headers: [["Content-Type", "application/octet-stream"]],
      body: { type: "base64", base64: "AQI=" },
    });
    expect(requestProblem(parseRequest(formatRequest(form)))).toBeNull();
    expect(requestProblem({ ...form, file: { ...file, id: "of an earlier day" } })?.text).toContain(
      "Choose a.bin again",
    );
    expect(requestProblem(post({ type: "file" }))?.where).toBe("body");
  });

  it("is taken along when it is written in another way", () => {
    const bytes = withType(post({ type: "text", body: "é" }), "base64");
    expect(bytes.body).toBe("w6k=");
    expect(withType(bytes, "json").body).toBe("é");
    expect(withType(post({ method: "GET" }), "json").method).toBe("POST");
  });

  it("of a remembered or past request is told from what it has", () => {
    const old = (over: object) => parseRequest(JSON.stringify({ ...post(over), type: undefined }));
    expect(old({ body: "{}", headers: typed("application/json") }).type).toBe("json");
    expect(old({ body: "{}", headers: typed("text/plain") }).type).toBe("text");
    expect(old({ body: "AA==", base64: true }).type).toBe("base64");
    expect(old({ body: "a=1+2", headers: typed("application/x-www-form-urlencoded") })).toMatchObject({
      type: "form",
      rows: [{ name: "a", value: "1 2" }],
    });
    expect(old({ body: "a=%7e", headers: typed("application/x-www-form-urlencoded") }).type).toBe("text");
  });
});

describe("what cannot be sent", () => {
  const form = parseRequest('{"a":1}');
  it.each<[Partial<RequestForm>, string, RegExp]>([
    [{ path: "/a b" }, "target", /The path has a space. Write it as %20/],
    [{ path: "/a#b" }, "target", /'#'. Write it as %23/],
    [{ query: "a=<" }, "target", /The query has '<'/],
    [{ headers: [{ name: "X A", value: "" }] }, "headers", /'X A' is not a name/],
    [{ headers: [{ name: "X-A", value: "é" }] }, "headers", /value of the header 'X-A'/],
    [{ body: "{a}" }, "body", /line 1, column 2.*choose Text/],
    [{ type: "base64", body: "*" }, "body", /not base64/],
    [{ type: "text", body: "x".repeat(11 * 1024 * 1024) }, "body", /11 MB; at most 10 MB/],
  ])("is told: %#", (change, where, text) => {
    const problem = requestProblem({ ...form, ...change });
    expect(problem?.where).toBe(where);
    expect(problem?.text).toMatch(text);
  });

  it("is nothing of a usual request", () => {
    expect(requestProblem({ ...form, path: "a%20b/{c}", query: "x=[1]&y=é" })).toBeNull();
  });
});

describe("rows", () => {
  it("leave a query as it was written but where it is changed", () => {
    const query = "a=1+2&b=%7e&flag&&c=x=y";
    const rows = parseQuery(query);
    expect(rows.map(({ name, value }) => [name, value])).toEqual([
      ["a", "1 2"],
      ["b", "~"],
      ["flag", ""],
      ["", ""],
      ["c", "x=y"],
    ]);
    expect(formatQuery(rows)).toBe(query);
    expect(formatQuery([...rows, { name: "d e", value: "&" }, { name: "", value: "" }])).toBe(
      `${query}&d%20e=%26`,
    );
  });

  it("are read from lines, and go on waiting for a credential", () => {
    const before = [{ name: "Authorization", value: "", masked: true }];
    expect(parseHeaderText("Authorization:\nX-A: a:b\n\nX-B", before)).toEqual([
      { name: "Authorization", value: "", masked: true },
      { name: "X-A", value: "a:b" },
      { name: "X-B", value: "" },
    ]);
  });
});
