#!/usr/bin/env node
// OpenFaaS, of-watchdog in http mode: this program starts once and serves every request on the port that it is told.
const http = require("node:http");

http
  .createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { name = "stranger" } = body ? JSON.parse(body) : {};
    console.log(`Greeting ${name}`);
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ message: `Hello ${name}!` }));
  })
  .listen(process.env.port, "127.0.0.1");
