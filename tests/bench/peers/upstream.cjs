// The functions of the measurement behind of-watchdog: plain node:http, which is less than its templates' express.
'use strict';
const server = require('node:http').createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    if (request.url === '/raw') {
      const bytes = Buffer.concat(parts);
      response.writeHead(200, { 'content-length': bytes.length });
      return response.end(bytes);
    }
    const args = JSON.parse(Buffer.concat(parts).toString());
    let result;
    if (request.url === '/hello') result = { body: `Hello ${args.name || 'stranger'}!` };
    else if (request.url === '/echo') result = args;
    else {
      await new Promise((resolve) => setTimeout(resolve, 50));
      result = { slept: 50 };
    }
    const text = JSON.stringify(result);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), '127.0.0.1');
