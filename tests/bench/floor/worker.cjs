// The floor's Node: takes framed bodies over a Unix socket, calls the handler, answers in frames, and nothing else.
// A frame is a length and a number (both 32 bits, little-endian), and as many bytes as the length says.
'use strict';
const handlers = {
  hello: (args) => ({ body: `Hello ${args.name || 'stranger'}!` }),
  echo: (args) => args,
  sleep: () => new Promise((resolve) => setTimeout(resolve, 50, { slept: 50 })),
};
const [, , path, name] = process.argv;
const handle = handlers[name];
const socket = require('node:net').connect(path);

function frame(number, result) {
  if (Buffer.isBuffer(result)) {
    const head = Buffer.allocUnsafe(8);
    head.writeUInt32LE(result.length, 0);
    head.writeUInt32LE(number, 4);
    return Buffer.concat([head, result]);
  }
  const text = JSON.stringify(result);
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(8 + length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(number, 4);
  bytes.write(text, 8);
  return bytes;
}

let parts = [];
let have = 0;
let need = 8;
socket.on('data', (part) => {
  parts.push(part);
  have += part.length;
  if (have < need) return;
  let bytes = parts.length === 1 ? part : Buffer.concat(parts, have);
  const answers = [];
  need = 8;
  while (bytes.length >= 8) {
    need = 8 + bytes.readUInt32LE(0);
    if (bytes.length < need) break;
    const number = bytes.readUInt32LE(4);
    const result = name === 'raw' ? bytes.subarray(8, need) : handle(JSON.parse(bytes.utf8Slice(8, need)));
    if (result instanceof Promise) result.then((value) => socket.write(frame(number, value)));
    else answers.push(frame(number, result));
    bytes = bytes.subarray(need);
    need = 8;
  }
  parts = bytes.length > 0 ? [bytes] : [];
  have = bytes.length;
  if (answers.length > 0) socket.write(answers.length === 1 ? answers[0] : Buffer.concat(answers));
});
socket.on('close', () => process.exit(0));
