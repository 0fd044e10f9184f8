import { expect, it } from "vitest";
import { toBase64 } from "./base64";

it("encodes any bytes, also more than a call takes arguments", () => {
  expect(toBase64(new Uint8Array([0, 255, 16]))).toBe("AP8Q");
  const big = new Uint8Array(300_001).map((_, n) => n % 251);
  expect(toBase64(big)).toBe(Buffer.from(big).toString("base64"));
});
