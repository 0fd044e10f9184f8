// Runs inside the worker: takes framed messages on descriptor 3, answers on descriptor 4, and calls the function.
//
// Frame (frame.rs): u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw). Little-endian.
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const vm = require('vm');
const { AsyncLocalStorage } = require('async_hooks');
const { createRequire } = require('module');
const { Writable } = require('stream');
const { pathToFileURL } = require('url');

const HELLO = 1, READY = 2, INIT = 3, RUN = 4, RESULT = 5, LOG = 6, ERROR = 7;
const LOG_CHUNK = 128 * 1024;

// Kept apart from what the function may replace on the globals.
const { parse, stringify } = JSON;
const now = Date.now;
const exit = process.exit.bind(process);

// Descriptor 4 blocks: a frame is in the engine's hands before the next statement of the function runs, so that
// neither a crash nor process.exit() loses lines, and a flood is slowed down instead of piling up in memory.
function write(buffer) {
  for (let at = 0; at < buffer.length; ) {
    try {
      at += fs.writeSync(4, buffer, at, buffer.length - at);
    } catch (error) {
      if (error.code === 'EAGAIN' || error.code === 'EINTR') continue;
      exit(0); // the engine is gone
    }
  }
}

function send(type, header, body) {
  const head = stringify(header);
  const headLength = Buffer.byteLength(head);
  const bodyLength = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const frame = Buffer.allocUnsafe(9 + headLength + bodyLength);
  frame.writeUInt32LE(5 + headLength + bodyLength, 0);
  frame[4] = type;
  frame.writeUInt32LE(headLength, 5);
  frame.write(head, 9);
  if (typeof body === 'string') frame.write(body, 9 + headLength);
  else if (body !== undefined) body.copy(frame, 9 + headLength);
  write(frame);
}

// Which run a line belongs to: the asynchronous context it is written from, or else the run in progress. What comes
// after the end of its run is dropped: its record is closed.
const context = new AsyncLocalStorage();
let current = null;

function log(stream, chunk, encoding) {
  const run = context.getStore() ?? current;
  if (run === null || run.over) return;
  const room = run.logs + 2 - run.sent; // more than the limit and a newline tells the engine that lines are missing
  if (room <= 0) return;
  let bytes;
  if (typeof chunk === 'string') {
    bytes = Buffer.from(chunk.length > room ? chunk.slice(0, room) : chunk, encoding);
  } else {
    bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  if (bytes.length > room) bytes = bytes.subarray(0, room);
  run.sent += bytes.length;
  for (let at = 0; at < bytes.length; at += LOG_CHUNK) {
    send(LOG, { id: run.id, stream }, bytes.subarray(at, at + LOG_CHUNK));
  }
}

function capture(name, fd) {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      log(name, chunk, encoding === 'buffer' ? undefined : encoding);
      done();
    },
  });
  stream.fd = fd;
  stream._type = 'pipe';
  // As with the real ones, nobody can close them.
  stream.destroy = () => stream;
  stream.end = (chunk, encoding, done) => {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') stream.write(chunk, encoding);
    const last = [chunk, encoding, done].find((value) => typeof value === 'function');
    if (last) process.nextTick(last);
    return stream;
  };
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
}
capture('stdout', 1);
capture('stderr', 2);

function isHandler(value) {
  return typeof value === 'function';
}

function lookUp(root, dotted) {
  let value = root;
  for (const part of dotted.split('.')) {
    if (value === null || value === undefined) return undefined;
    value = value[part];
  }
  return value;
}

function fromModule(module, main) {
  for (const root of [module, module?.default]) {
    const value = lookUp(root, main);
    if (isHandler(value)) return value;
  }
  return isHandler(module?.default) ? module.default : isHandler(module) ? module : undefined;
}

// ES module syntax in a file that was read as CommonJS. Node says so in several ways.
function wantsEsm(error) {
  return (
    error?.code === 'ERR_REQUIRE_ESM' ||
    error?.code === 'ERR_REQUIRE_ASYNC_MODULE' ||
    (error instanceof SyntaxError &&
      /import statement|Unexpected token 'export'|Unexpected keyword 'export'|import\.meta|await is only valid/.test(error.message))
  );
}

async function loadSource(dir, main) {
  const file = path.join(dir, 'index.js');
  const source = fs.readFileSync(file, 'utf8');
  const module = { exports: {} };
  // A top-level function need not be exported: ask for it by name where the code can see it.
  const tail = /^[A-Za-z_$][\w$]*$/.test(main) ? `\n;return typeof ${main} === 'function' ? ${main} : undefined;` : '';
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const options = { filename: file };
  const loader = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  if (loader !== undefined) options.importModuleDynamically = loader;
  let compiled;
  try {
    compiled = vm.compileFunction(source + tail, names, options);
  } catch (error) {
    if (!wantsEsm(error)) throw error;
    return fromModule(await import(pathToFileURL(path.join(dir, 'index.mjs')).href), main);
  }
  const found = compiled.call(module.exports, module.exports, createRequire(file), module, file, dir);
  return isHandler(found) ? found : fromModule(module.exports, main);
}

async function loadFolder(dir, main) {
  let target = dir;
  let name = main;
  const dot = main.lastIndexOf('.');
  if (dot > 0) {
    // `file.func`, as OpenWhisk writes a handler that is not in the main file.
    const file = path.resolve(dir, main.slice(0, dot));
    if (file.startsWith(dir + path.sep)) {
      for (const end of ['', '.js', '.cjs', '.mjs', '/index.js']) {
        if (fs.statSync(file + end, { throwIfNoEntry: false })?.isFile()) {
          target = file + end;
          name = main.slice(dot + 1);
          break;
        }
      }
    }
  }
  const require = createRequire(path.join(dir, 'index.js'));
  if (target === dir && !fs.existsSync(path.join(dir, 'package.json')) && !fs.existsSync(path.join(dir, 'index.js'))) {
    target = path.join(dir, 'index.mjs');
  }
  const resolved = require.resolve(target);
  let module;
  try {
    module = require(resolved);
  } catch (error) {
    if (!wantsEsm(error)) throw error;
    module = await import(pathToFileURL(resolved).href);
  }
  return fromModule(module, name);
}

let handler;
let setup; // the INIT header
let defaults = ''; // default parameters, as JSON

async function init(header, body) {
  setup = header;
  defaults = body.length > 2 ? body.toString('utf8') : '';
  process.chdir(header.scratch);
  setRunEnvironment(header.run);
  current = { id: header.run.id, logs: header.run.logs, sent: 0, over: false };
  try {
    handler = await (header.folder ? loadFolder(header.code, header.main) : loadSource(header.code, header.main));
    if (!isHandler(handler)) throw `Action entrypoint '${header.main}' is not a function.`;
  } catch (error) {
    send(ERROR, { message: `Initialization has failed due to: ${describe(error)}` });
    return;
  }
  current = null;
  send(READY, {});
}

function describe(error) {
  try {
    return String(error?.stack || error);
  } catch {
    return 'an error that cannot be printed';
  }
}

function setRunEnvironment(header) {
  process.env.__OW_ACTIVATION_ID = header.id;
  process.env.__OW_TRANSACTION_ID = header.transaction;
  process.env.__OW_DEADLINE = String(header.deadline);
  if (header.apiHost) process.env.__OW_API_HOST = header.apiHost;
}

// The second argument, as DigitalOcean passes it.
class Context {
  constructor(header) {
    this.functionName = setup.functionName;
    this.functionVersion = setup.functionVersion;
    this.activationId = header.id;
    this.requestId = header.transaction;
    this.deadline = header.deadline;
    this.apiHost = header.apiHost ?? '';
    this.namespace = setup.namespace;
  }
  getRemainingTimeInMillis() {
    return Math.max(0, this.deadline - now());
  }
}

function merge(input) {
  if (defaults === '') return input;
  const args = parse(defaults); // anew each time: the function may change what it is given
  for (const key of Object.keys(input)) {
    if (key === '__proto__') Object.defineProperty(args, key, { value: input[key], enumerable: true, writable: true, configurable: true });
    else args[key] = input[key];
  }
  return args;
}

// What OpenWhisk's runner does with serialize-error: an Error's interesting properties are not enumerable.
function serializeError(error) {
  if (!error) return {};
  if (typeof error === 'function') return `[Function: ${error.name || 'anonymous'}]`;
  if (typeof error !== 'object') return typeof error === 'bigint' || typeof error === 'symbol' ? String(error) : error;
  const seen = new Set();
  const copy = (value) => {
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
    if (typeof value === 'function') return undefined;
    if (value === null || typeof value !== 'object') return value;
    if (seen.has(value)) return '[Circular]';
    seen.add(value);
    let result;
    if (Buffer.isBuffer(value)) result = '[object Buffer]';
    else if (typeof value.toJSON === 'function' && !(value instanceof Error)) result = value.toJSON();
    else if (Array.isArray(value)) result = value.map(copy);
    else {
      result = {};
      for (const key of Object.keys(value)) result[key] = copy(value[key]);
      for (const key of ['name', 'message', 'stack', 'code']) if (typeof value[key] === 'string') result[key] = value[key];
      if (value instanceof Error && value.cause !== undefined) result.cause = copy(value.cause);
    }
    seen.delete(value);
    return result;
  };
  return copy(error);
}

const dictionaryError = 'The action did not return a dictionary.';

function finish(run, outcome, text, stop = false) {
  const bytes = Buffer.byteLength(text);
  const header = { id: run.id, outcome };
  if (stop) header.stop = true;
  run.over = true;
  if (current === run) current = null;
  if (bytes > setup.resultLimit) {
    header.bytes = bytes;
    send(RESULT, header);
  } else {
    send(RESULT, header, text);
  }
}

function developerError(run, message, stop) {
  finish(run, 'developer', stringify({ error: message }), stop);
}

// A thrown value ends the worker, as upstream: what state it left behind is unknown.
function thrown(run, error) {
  context.run(run, () => console.error(error));
  let text;
  try {
    text = String(error);
  } catch {
    text = 'an error that cannot be printed';
  }
  developerError(run, `An error has occurred: ${text}`, true);
}

function complete(run, result) {
  if (run.over) return;
  if (result === undefined) result = {};
  if (typeof result !== 'object' || result === null) return developerError(run, dictionaryError);
  let text;
  try {
    text = stringify(result);
  } catch (error) {
    return developerError(run, `An error has occurred: ${error}`);
  }
  if (text === undefined || (text[0] !== '{' && text[0] !== '[')) return developerError(run, dictionaryError);
  if (text[0] === '{' && text.includes('"error"')) {
    const plain = parse(text); // what the caller will see, after any toJSON
    if (Object.hasOwn(plain, 'error')) return finish(run, 'error', stringify({ error: plain.error }));
  }
  finish(run, 'ok', text);
}

function run(header, body) {
  setRunEnvironment(header);
  const state = { id: header.id, logs: header.logs, sent: 0, over: false };
  current = state;
  context.run(state, () => {
    let result;
    try {
      result = handler(merge(parse(body)), new Context(header));
    } catch (error) {
      return thrown(state, error);
    }
    if (typeof result?.then !== 'function') return complete(state, result);
    Promise.resolve(result).then(
      (value) => complete(state, value),
      (error) => {
        let text;
        try {
          text = stringify({ error: serializeError(error) });
        } catch {
          text = stringify({ error: describe(error) });
        }
        if (!state.over) finish(state, 'error', text);
      },
    );
  });
}

let pending = Buffer.alloc(0);
let need = 4;

function receive(chunk) {
  pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
  while (pending.length >= 4) {
    const total = 4 + pending.readUInt32LE(0);
    if (pending.length < total) {
      need = total;
      return;
    }
    const type = pending[4];
    const headLength = pending.readUInt32LE(5);
    const header = parse(pending.utf8Slice(9, 9 + headLength));
    const body = pending.subarray(9 + headLength, total);
    pending = pending.subarray(total);
    if (type === RUN) run(header, body.utf8Slice(0, body.length));
    else if (type === INIT) init(header, body);
    else exit(70);
  }
  need = 4;
}

// A large input arrives in many pieces; joining them one by one would be quadratic.
let pieces = [];
let gathered = 0;
const input = new net.Socket({ fd: 3, readable: true, writable: false });
input.on('data', (chunk) => {
  if (pieces.length === 0 && pending.length === 0) return receive(chunk);
  pieces.push(chunk);
  gathered += chunk.length;
  if (pending.length + gathered < need) return;
  const all = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  pieces = [];
  gathered = 0;
  receive(all);
});
input.on('end', () => exit(0));
input.on('error', () => exit(0));
send(HELLO, { language: 'nodejs', version: process.version });
