// Node's own HTTP server, doing what `hello` does and nothing else. Prints its port; ends with its standard input.
'use strict';
const server = require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    const name = JSON.parse(body).name || 'stranger';
    const text = JSON.stringify({ body: `Hello ${name}!` });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
