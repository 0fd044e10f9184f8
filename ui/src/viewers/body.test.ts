import { describe, expect, it } from "vitest";
import type { Exchange } from "@/platform";
import { toBase64 } from "@/ui/base64";
import {
  attachmentName,
  type Body,
  bytesOf,
  extensionOf,
  inputBody,
  resultBody,
  textOf,
  viewsOf,
} from "./body";
import { hexLine, hexLines } from "./hex";
import { harmless } from "./html";

const PNG = toBase64(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0));

function body(form: Body["form"], value: unknown, contentType: string | null = null): Body {
  const document = form === "json" ? String(value) : JSON.stringify(value);
  return { form, document, contentType };
}

describe("a body", () => {
  it.each<[string, Body, string[]]>([
    ["a value", body("json", '{"a":1}'), ["tree", "text"]],
    ["JSON", body("json", '{"a":1}', "application/json; charset=utf-8"), ["tree", "text", "hex"]],
    ["JSON by suffix", body("json", "1", "application/problem+json"), ["tree", "text", "hex"]],
    ["a number of a plain text", body("json", "42", "text/plain"), ["text", "hex"]],
    ["an object of a plain text", body("json", "[1]", "text/plain"), ["tree", "text", "hex"]],
    ["a page", body("text", "<p>", "TEXT/HTML; charset=utf-8"), ["html", "text", "hex"]],
    ["a picture of words", body("text", "<svg/>", "image/svg+xml"), ["image", "text", "hex"]],
    ["a picture", body("base64", PNG, "image/png"), ["image", "hex"]],
    ["a picture without a type", body("base64", PNG, "application/octet-stream"), ["image", "hex"]],
    ["bytes", body("base64", "AAEC"), ["hex"]],
    ["a text in another character set", body("base64", "4Q==", "text/plain;charset=latin1"), ["text", "hex"]],
    ["nothing", body("empty", null, "text/html"), []],
  ])("that is %s is shown by its type", (_, given, views) => {
    expect(viewsOf(given)).toEqual(views);
  });

  it("has the bytes and the text that were sent", () => {
    expect(textOf(body("base64", "4Q==", "text/plain; charset=iso-8859-1"))).toBe("á");
    expect([...bytesOf(body("text", "é"))]).toEqual([0xc3, 0xa9]);
    expect(textOf(body("json", '{"n": 1.10}'))).toBe('{"n": 1.10}');
    const many = new Uint8Array(20_000).map((_, at) => at % 251);
    expect(bytesOf(body("base64", toBase64(many)))).toEqual(many);
  });

  it("is kept as a file with an end that fits", () => {
    expect(extensionOf(body("text", "", "image/svg+xml"))).toBe("svg");
    expect(extensionOf(body("base64", PNG))).toBe("png");
    expect(extensionOf(body("text", "", "text/csv"))).toBe("csv");
    expect(extensionOf(body("json", "{}", "application/ld+json"))).toBe("json");
    expect(extensionOf(body("base64", "AA==", "application/x-unheard-of"))).toBe("bin");
    expect(attachmentName([["Content-Disposition", 'attachment; filename="../../a b.pdf"']])).toBe("a b.pdf");
    expect(attachmentName([["content-disposition", "attachment; filename*=UTF-8''%C3%A4.txt"]])).toBe(
      "ä.txt",
    );
    expect(attachmentName([["content-disposition", "inline"]])).toBeNull();
  });
});

describe("of a run", () => {
  const http: Exchange = {
    method: "",
    path: "",
    query: "",
    headers: [],
    body: "json",
    status: 200,
    responseHeaders: [["Content-Type", "text/html"]],
    responseBody: "empty",
  };

  it("the response is told from what Beckon says in its place", () => {
    expect(resultBody({ result: "null", http })?.form).toBe("empty");
    expect(resultBody({ result: '{"error":"x"}', http: { ...http, status: null } })?.contentType).toBeNull();
    expect(resultBody({ result: '"<p>"', http: { ...http, responseBody: "text" } })?.contentType).toBe(
      "text/html",
    );
    expect(resultBody({ result: null, http })).toBeNull();
  });

  it("arguments are a value", () => {
    expect(inputBody({ input: "{}", http })).toEqual({ form: "json", document: "{}", contentType: null });
    expect(inputBody({ input: null, http: null })).toBeNull();
  });
});

it("dumps bytes as hexdump does", () => {
  const bytes = new TextEncoder().encode("Hello, world! \u{1f600}");
  expect(hexLines(bytes)).toBe(2);
  expect(hexLine(bytes, 0)).toEqual({
    offset: "00000000",
    hex: "48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 20 f0 9f ",
    ascii: "Hello, world! ..",
  });
  expect(hexLine(bytes, 1)).toMatchObject({ offset: "00000010", ascii: ".." });
  expect(hexLine(bytes, 1).hex).toHaveLength(hexLine(bytes, 0).hex.length);
});

it("leaves nothing in a page that runs, loads or leads elsewhere", () => {
  const page = harmless(
    '<!doctype html><head><base href="http://x/"><meta http-equiv="refresh" content="0;url=http://x/">' +
      '<link rel="preconnect" href="http://x/"></head><body><script>x()</script><embed src="http://x/">' +
      '<p>Hello</p><a href="/out">Out</a></body>',
  );
  expect(page).toContain('<a title="/out">Out</a>');
  expect(page).not.toContain("http://x/");
  expect(page).not.toContain("<script");
  expect(page).toContain("<p>Hello</p>");
  expect(page.indexOf("default-src 'none'")).toBeGreaterThan(0);
  expect(page.indexOf("default-src 'none'")).toBeLessThan(page.indexOf("<body"));
});
