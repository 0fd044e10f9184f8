// Just enough of the X11 protocol to ask a window to close, as the cross in its corner does. Xvfb has no window manager
// that could be asked, and no tool for this is installed everywhere.

import net from "node:net";

const INTERN_ATOM = 16;
const QUERY_TREE = 15;
const GET_PROPERTY = 20;
const SEND_EVENT = 25;
const CLIENT_MESSAGE = 33;

const pad = (length) => (4 - (length % 4)) % 4;

class Connection {
  #socket;
  #chunks = [];
  #size = 0;
  #wake = () => {};

  static async open(display) {
    const connection = new Connection();
    connection.#socket = net.connect(`/tmp/.X11-unix/X${display.replace(":", "")}`);
    connection.#socket.on("data", (chunk) => {
      connection.#chunks.push(chunk);
      connection.#size += chunk.length;
      connection.#wake();
    });
    // Byte order, protocol 11.0, no authorisation.
    connection.#socket.write(Buffer.from([0x6c, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    const head = await connection.#read(8);
    const setup = await connection.#read(head.readUInt16LE(6) * 4);
    if (head[0] !== 1) throw new Error("the X server refused");
    const vendor = setup.readUInt16LE(16);
    connection.root = setup.readUInt32LE(32 + vendor + pad(vendor) + 8 * setup[21]);
    return connection;
  }

  async #read(length) {
    while (this.#size < length) await new Promise((done) => (this.#wake = done));
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all.subarray(length)];
    this.#size -= length;
    return all.subarray(0, length);
  }

  /** Sends a request: opcode, its one byte of data, and the rest, whose length is a multiple of four. */
  send(opcode, data, rest) {
    const head = Buffer.from([opcode, data, 0, 0]);
    head.writeUInt16LE(1 + rest.length / 4, 2);
    this.#socket.write(Buffer.concat([head, rest]));
  }

  /** Sends a request and answers its reply. */
  async ask(opcode, data, rest) {
    this.send(opcode, data, rest);
    for (;;) {
      const head = await this.#read(32);
      if (head[0] === 0) throw new Error(`the X server refused request ${opcode} with error ${head[1]}`);
      if (head[0] === 1) return Buffer.concat([head, await this.#read(head.readUInt32LE(4) * 4)]);
    }
  }

  async atom(name) {
    const rest = Buffer.alloc(4 + name.length + pad(name.length));
    rest.writeUInt16LE(name.length, 0);
    rest.write(name, 4, "latin1");
    return (await this.ask(INTERN_ATOM, 0, rest)).readUInt32LE(8);
  }

  async windows() {
    const reply = await this.ask(QUERY_TREE, 0, words(this.root));
    return Array.from({ length: reply.readUInt16LE(16) }, (_, i) => reply.readUInt32LE(32 + 4 * i));
  }

  async property(window, atom) {
    const reply = await this.ask(GET_PROPERTY, 0, words(window, atom, 0, 0, 1024));
    return reply.subarray(32, 32 + (reply.readUInt32LE(16) * reply[1]) / 8);
  }

  /** Ends the connection when everything sent has arrived. */
  end() {
    this.#socket.end();
  }
}

function words(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, 4 * i);
  return bytes;
}

/** Asks the window with this title to close. Answers whether there was one. */
export async function closeWindow(display, title) {
  const x = await Connection.open(display);
  try {
    const [protocols, deletion, name] = [
      await x.atom("WM_PROTOCOLS"),
      await x.atom("WM_DELETE_WINDOW"),
      await x.atom("WM_NAME"),
    ];
    for (const window of await x.windows()) {
      const understood = await x.property(window, protocols);
      const wanted = words(deletion);
      const closes = Array.from({ length: understood.length / 4 }, (_, i) =>
        understood.subarray(4 * i, 4 * i + 4),
      );
      if (!closes.some((atom) => atom.equals(wanted))) continue;
      if ((await x.property(window, name)).toString() !== title) continue;
      const event = Buffer.concat([
        Buffer.from([CLIENT_MESSAGE, 32, 0, 0]),
        words(window, protocols, deletion, 0, 0, 0, 0),
      ]);
      x.send(SEND_EVENT, 0, Buffer.concat([words(window, 0), event]));
      await x.windows(); // answered after the event was sent on
      return true;
    }
    return false;
  } finally {
    x.end();
  }
}
