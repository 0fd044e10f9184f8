/** Bytes on a line. */
export const PER_LINE = 16;

export interface HexLine {
  offset: string;
  /** Two groups of eight, padded on the last line. */
  hex: string;
  ascii: string;
}

/** One line of a dump as `hexdump -C` writes it. */
export function hexLine(bytes: Uint8Array, line: number): HexLine {
  const start = line * PER_LINE;
  const part = bytes.subarray(start, start + PER_LINE);
  let hex = "";
  let ascii = "";
  part.forEach((byte, at) => {
    hex += `${at === 8 ? " " : ""}${byte.toString(16).padStart(2, "0")} `;
    ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  });
  return { offset: start.toString(16).padStart(8, "0"), hex: hex.padEnd(PER_LINE * 3 + 1), ascii };
}

export function hexLines(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / PER_LINE);
}
