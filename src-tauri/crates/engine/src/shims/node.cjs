// Runs inside the worker: takes framed messages on descriptor 3, answers on descriptor 4, and calls the function.
//
// Frame (frame.rs): u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw). Little-endian.
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const querystring = require('querystring');
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

// By their paths a confined process may change the modes of no files (filter.rs): it is done by descriptors.
const FOR_MODE = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
const { chmod, chmodSync } = fs;
const chmodPromised = fs.promises.chmod;
fs.chmodSync = function (path, mode) {
  let fd;
  try {
    fd = fs.openSync(path, FOR_MODE);
  } catch (error) {
    if (error.code === 'ENOENT') throw error;
    return chmodSync(path, mode);
  }
  try {
    fs.fchmodSync(fd, mode);
  } finally {
    fs.closeSync(fd);
  }
};
fs.promises.chmod = async function (path, mode) {
  let file;
  try {
    file = await fs.promises.open(path, FOR_MODE);
  } catch (error) {
    if (error.code === 'ENOENT') throw error;
    return chmodPromised(path, mode);
  }
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
};
fs.chmod = function (path, mode, done) {
  if (typeof done !== 'function') return chmod(path, mode, done); // which says what is wrong
  fs.promises.chmod(path, mode).then(() => done(null), done);
};

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

// Results that become ready in the same turn of the loop leave together: a system call costs more than a small run.
let results = [];

function flush() {
  const ready = results;
  results = [];
  if (ready.length === 1) write(ready[0]);
  else if (ready.length > 1) write(Buffer.concat(ready));
}
process.on('exit', flush);

function sendResult(header, body) {
  results.push(frame(RESULT, stringify(header), body));
  if (results.length === 1) process.nextTick(flush);
}

function send(type, header, body) {
  write(frame(type, stringify(header), body));
}

function frame(type, head, body) {
  const headLength = Buffer.byteLength(head);
  const bodyLength = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const bytes = Buffer.allocUnsafe(9 + headLength + bodyLength);
  bytes.writeUInt32LE(5 + headLength + bodyLength, 0);
  bytes[4] = type;
  bytes.writeUInt32LE(headLength, 5);
  bytes.write(head, 9);
  if (typeof body === 'string') bytes.write(body, 9 + headLength);
  else if (body !== undefined) body.copy(bytes, 9 + headLength);
  return bytes;
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
  if (target === dir && setup.contract === 'openfaas') {
    // The template asks for this file, whatever a package.json says.
    const files = ['handler.js', 'handler.mjs', 'handler.cjs'].map((file) => path.join(dir, file));
    target = files.find((file) => fs.existsSync(file)) ?? dir;
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
let call; // how the contract calls it
let setup; // the INIT header
let defaults = ''; // default parameters, as JSON
let raw = false; // whether OpenFaaS' template gives bodies as they come

// An interpreter that was started before it had a function gets its environment with it.
function inherit(pairs) {
  for (const name of Object.keys(env)) delete env[name];
  for (const [name, value] of pairs) env[name] = value;
}

async function init(header, body) {
  if (header.env) inherit(header.env);
  delete header.env;
  setup = header;
  defaults = body.length > 2 ? body.toString('utf8') : '';
  raw = env.RAW_BODY === 'true';
  process.chdir(header.scratch);
  setRunEnvironment(header.run);
  current = { id: header.run.id, logs: header.run.logs, sent: 0, over: false };
  try {
    // `file.function`, as Scaleway writes it, names the one file there is.
    const own = header.contract === 'openwhisk' ? header.main : header.main.slice(header.main.lastIndexOf('.') + 1);
    handler = await (header.folder ? loadFolder(header.code, header.main) : loadSource(header.code, own));
    if (!isHandler(handler)) throw `Action entrypoint '${header.main}' is not a function.`;
    call = contracts[header.contract] ?? contracts.openwhisk;
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

// Writing to the environment takes longer than most of a short run, and few functions look there. So it is written once
// somebody has taken hold of it, and from then on for each run before it begins.
let env = process.env;
let shown = false;
let latest = null;
// The function's own; a call from another namespace names that one.
let ownNamespace;
// How often it was written; the C library keeps all of it.
let writings = 0;

function showEnvironment() {
  shown = true;
  if (latest !== null) setRunEnvironment(latest);
}

// Threads of the function's own get a copy of the environment, and native modules read it, both without `process.env`.
const loaded = process.moduleLoadList;
let known = 0;

function isLookedAtOtherwise() {
  if (loaded.length === known) return false;
  known = loaded.length;
  return loaded.includes('NativeModule worker_threads');
}

const { dlopen } = process;
process.dlopen = function (...given) {
  if (!shown) showEnvironment();
  return Reflect.apply(dlopen, process, given);
};

Object.defineProperty(process, 'env', {
  configurable: true,
  enumerable: true,
  get() {
    if (!shown) showEnvironment();
    return env;
  },
  set(value) {
    if (!shown) showEnvironment();
    env = value;
  },
});

function setRunEnvironment(header) {
  latest = header;
  shown ||= isLookedAtOtherwise();
  if (!shown) return;
  env.__OW_ACTIVATION_ID = header.id;
  env.__OW_TRANSACTION_ID = header.transaction;
  env.__OW_DEADLINE = String(header.deadline);
  if (header.apiHost) env.__OW_API_HOST = header.apiHost;
  ownNamespace ??= env.__OW_NAMESPACE;
  env.__OW_NAMESPACE = header.namespace ?? ownNamespace;
  writings += 1;
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

// A web function's event has `http`, as at DigitalOcean, beside OpenWhisk's names. It is not among the event's own
// members, so that a function which answers what it was given answers that alone.
function withHttp(args) {
  if (args.__ow_method === undefined || Object.hasOwn(args, 'http')) return args;
  const http = { headers: args.__ow_headers ?? {}, method: String(args.__ow_method).toUpperCase(), path: args.__ow_path ?? '' };
  if (args.__ow_query !== undefined) {
    const kind = String(http.headers['content-type'] ?? '').toLowerCase();
    http.queryString = args.__ow_query;
    http.body = args.__ow_body ?? '';
    http.isBase64Encoded = http.body !== '' && (kind.startsWith('application/json') || !isText(kind));
  }
  return Object.defineProperty(args, 'http', { value: http, configurable: true, writable: true });
}

// As in web.rs: what is no text comes in base64.
function isText(kind) {
  const essence = kind.split(';')[0].trim();
  return essence === '' || essence.startsWith('text/') || /json|xml|javascript|urlencoded|graphql|yaml/.test(essence);
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
  if (stop || writings >= setup.environments) header.stop = true;
  run.over = true;
  if (current === run) current = null;
  if (bytes > setup.resultLimit) {
    header.bytes = bytes;
    sendResult(header);
  } else {
    sendResult(header, text);
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

// OpenWhisk: main(args, context) gives an object.
function openwhisk(header, body, state) {
  setRunEnvironment(header);
  let result;
  try {
    result = handler(withHttp(merge(parse(body.utf8Slice(0, body.length)))), new Context(header));
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
}

// The contracts that speak HTTP give a status, headers and a body of bytes.
function respond(state, status, headers, body) {
  if (state.over) return;
  state.over = true;
  if (current === state) current = null;
  const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const header = { id: state.id, outcome: 'ok', status, headers };
  if (length > setup.resultLimit) {
    header.bytes = length;
    sendResult(header);
  } else {
    sendResult(header, body);
  }
}

function headerPairs(object) {
  const pairs = [];
  for (const [name, value] of Object.entries(object ?? {})) {
    if (value === undefined || value === null) continue;
    for (const each of Array.isArray(value) ? value : [value]) pairs.push([String(name).toLowerCase(), String(each)]);
  }
  return pairs;
}

function setDefault(pairs, name, value) {
  if (!pairs.some(([given]) => given === name)) pairs.push([name, value]);
  return pairs;
}

function joinedHeaders(pairs, separator) {
  const headers = {};
  for (const [name, value] of pairs) {
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}${separator}${value}` : value;
  }
  return headers;
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

// A status that HTTP does not know would be a broken answer.
function statusOf(value, usual) {
  const status = Number(value ?? usual);
  return Number.isInteger(status) && status >= 100 && status <= 999 ? status : 500;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// Scaleway: handle(event, context, callback), an API gateway's event and answer.
function scaleway(header, body, state) {
  let text;
  let binary = false;
  try {
    text = utf8.decode(body);
  } catch {
    text = body.toString('base64');
    binary = true;
  }
  const query = {};
  for (const [name, value] of new URLSearchParams(header.query)) query[name] = value;
  const event = {
    path: header.path,
    httpMethod: header.method,
    headers: joinedHeaders(header.headers, ','),
    multiValueHeaders: null,
    queryStringParameters: query,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: {},
    requestContext: {
      accountId: '',
      resourceId: '',
      stage: '',
      requestId: header.id,
      resourcePath: '',
      authorizer: null,
      httpMethod: header.method,
      apiId: '',
    },
    body: text,
    isBase64Encoded: binary,
  };
  const about = { memoryLimitInMb: setup.memoryMb, functionName: setup.functionName, functionVersion: setup.functionVersion };
  const failed = (error) => {
    context.run(state, () => console.error(error));
    respond(state, 500, [['content-type', 'text/plain; charset=utf-8']], `An error occured during handler execution: ${describe(error)}`);
  };
  const done = (value) => {
    try {
      answerScaleway(state, value);
    } catch (error) {
      failed(error);
    }
  };
  let result;
  try {
    result = handler(event, about, (error, value) => (error ? failed(error) : done(value)));
  } catch (error) {
    return failed(error);
  }
  if (typeof result?.then === 'function') Promise.resolve(result).then(done, failed);
  else if (result !== undefined || handler.length < 3) done(result);
}

function answerScaleway(state, value) {
  if (value === undefined || value === null) return respond(state, 200, []);
  if (typeof value === 'string') return respond(state, 200, [['content-type', 'text/plain; charset=utf-8']], value);
  if (typeof value !== 'object') return respond(state, 200, [['content-type', 'text/plain; charset=utf-8']], String(value));
  if (Buffer.isBuffer(value)) return respond(state, 200, [['content-type', 'application/octet-stream']], value);
  if (!('body' in value) && !('statusCode' in value)) {
    return respond(state, 200, [['content-type', 'application/json']], stringify(value));
  }
  const headers = headerPairs(value.headers);
  const status = statusOf(value.statusCode, 200);
  const { body } = value;
  if (body === undefined || body === null) return respond(state, status, headers);
  if (Buffer.isBuffer(body)) return respond(state, status, headers, body);
  if (typeof body !== 'string') return respond(state, status, setDefault(headers, 'content-type', 'application/json'), stringify(body));
  if (value.isBase64Encoded === true) return respond(state, status, headers, Buffer.from(body, 'base64'));
  respond(state, status, setDefault(headers, 'content-type', 'text/plain; charset=utf-8'), body);
}

// OpenFaaS' node templates: handler(event, context, callback); bodies as express and body-parser read and send them.
class FaasContext {
  constructor(callback) {
    this.statusCode = undefined;
    this.headerValues = {};
    this.called = 0;
    this.callback = callback;
  }
  status(code) {
    if (code === undefined) return this.statusCode ?? 200;
    this.statusCode = code;
    return this;
  }
  headers(values) {
    if (values === undefined) return this.headerValues;
    this.headerValues = values;
    return this;
  }
  succeed(value) {
    this.called++;
    this.callback(undefined, value);
  }
  fail(value) {
    this.called++;
    this.callback(value ?? 'failed');
  }
}

// The body is read into a buffer that is used again: a function that takes it as it is gets a copy.
function faasBody(kind, body) {
  if (raw) return Buffer.from(body);
  const essence = kind.split(';')[0].trim().toLowerCase();
  if (essence === 'application/json') return body.length === 0 ? {} : parse(body.utf8Slice(0, body.length));
  if (essence.startsWith('text/')) return body.utf8Slice(0, body.length);
  if (essence === 'application/x-www-form-urlencoded') return querystring.parse(body.utf8Slice(0, body.length));
  return essence === '' && body.length === 0 ? {} : Buffer.from(body);
}

function openfaas(header, body, state) {
  const headers = joinedHeaders(header.headers, ', ');
  const plain = [['content-type', 'text/html; charset=utf-8']];
  let parsed;
  try {
    parsed = faasBody(headers['content-type'] ?? '', body);
  } catch (error) {
    return respond(state, 400, plain, String(error));
  }
  const event = {
    body: parsed,
    headers,
    method: header.method,
    query: querystring.parse(header.query),
    path: decoded(header.path),
  };
  const failed = (error) => {
    context.run(state, () => console.error(error));
    respond(state, statusOf(about.statusCode, 500), plain, error?.toString ? error.toString() : String(error));
  };
  const about = new FaasContext((error, value) => {
    if (error) return failed(error);
    try {
      answerFaas(state, about, value);
    } catch (problem) {
      failed(problem);
    }
  });
  let result;
  try {
    result = handler(event, about, about.callback);
  } catch (error) {
    return failed(error);
  }
  if (typeof result?.then === 'function') {
    Promise.resolve(result).then((value) => about.called === 0 && about.callback(undefined, value), failed);
  } else if (about.called === 0 && (result !== undefined || handler.length < 3)) {
    about.callback(undefined, result);
  }
}

function answerFaas(state, about, value) {
  const headers = headerPairs(about.headers());
  const status = statusOf(about.status(), 200);
  if (value === undefined || value === null) return respond(state, status, headers);
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
    return respond(state, status, setDefault(headers, 'content-type', 'application/octet-stream'), Buffer.from(value));
  }
  const text = typeof value === 'object' ? stringify(value) : String(value);
  const usual = typeof value === 'object' || typeof value === 'number' ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
  respond(state, status, setDefault(headers, 'content-type', usual), text);
}

const contracts = { openwhisk, scaleway, openfaas };

function run(header, body) {
  const state = { id: header.id, logs: header.logs, sent: 0, over: false };
  current = state;
  context.run(state, call, header, body, state);
}

// Everything is read into one buffer: one for each read, which is Node's way, takes longer than a small run. What stays
// of it beyond the turn that it was read in is copied.
const piece = Buffer.allocUnsafeSlow(64 * 1024);
let start = Buffer.alloc(0); // of a frame whose length has not come yet
let large = null; // a frame that came in several pieces
let filled = 0;

function receive(count) {
  let data = piece.subarray(0, count);
  if (large !== null) {
    const copied = data.copy(large, filled);
    filled += copied;
    if (filled < large.length) return;
    const whole = large;
    large = null;
    take(whole, 0, whole.length);
    data = data.subarray(copied);
  } else if (start.length > 0) {
    data = Buffer.concat([start, data]);
    start = Buffer.alloc(0);
  }
  let at = 0;
  while (data.length - at >= 4) {
    const total = 4 + data.readUInt32LE(at);
    if (data.length - at < total) {
      large = Buffer.allocUnsafe(total);
      filled = data.copy(large, 0, at);
      return;
    }
    take(data, at, at + total);
    at += total;
  }
  if (at < data.length) start = Buffer.from(data.subarray(at));
}

function take(data, at, end) {
  const type = data[at + 4];
  const body = at + 9 + data.readUInt32LE(at + 5);
  const header = parse(data.utf8Slice(at + 9, body));
  if (type === RUN) run(header, data.subarray(body, end));
  else if (type === INIT) init(header, data.subarray(body, end));
  else exit(70);
}

const input = new net.Socket({ fd: 3, readable: true, writable: false, onread: { buffer: piece, callback: receive } });
input.on('end', () => exit(0));
input.on('error', () => exit(0));
input.resume();

// Goes once through what a first run goes through, in an interpreter that has the time: parts of Node are made when they
// are first used. Nothing is said, for what is written while there is no run is dropped.
function warm() {
  createRequire(__filename);
  fs.readFileSync(__filename, 'utf8');
  process.chdir('.');
  const nothing = vm.compileFunction('return async function main(args) { return args; }', ['module'], { filename: __filename })({});
  const body = Buffer.from('{"name":"value"}');
  const state = { id: '', logs: 0, sent: 0, over: true };
  context.run(state, () => {
    console.log('%s', 'nothing');
    Promise.resolve(nothing(merge(parse(body.utf8Slice(0, body.length))))).then((value) => frame(RESULT, stringify(state), stringify(value)));
  });
}

if (process.argv[2] === 'cell') {
  process.argv.splice(2);
  warm();
}
send(HELLO, { language: 'nodejs', version: process.version });
