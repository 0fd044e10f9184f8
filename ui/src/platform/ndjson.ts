/** Splits a byte stream into the lines of NDJSON; a line may arrive in pieces, even inside a character. */
export class LineReader {
  private readonly decoder = new TextDecoder();
  private rest = "";

  push(chunk: Uint8Array): string[] {
    return this.take(this.decoder.decode(chunk, { stream: true }));
  }

  end(): string[] {
    const lines = this.take(this.decoder.decode());
    const last = this.rest;
    this.rest = "";
    return last.trim() === "" ? lines : [...lines, last];
  }

  private take(text: string): string[] {
    const parts = (this.rest + text).split("\n");
    this.rest = parts.pop() ?? "";
    return parts.filter((line) => line.trim() !== "");
  }
}
