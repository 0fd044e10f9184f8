// The functions of the measurement for Google's functions framework.
'use strict';
exports.handle = (request, response) => {
  const args = request.body;
  switch (request.path) {
    case '/hello':
      return response.json({ body: `Hello ${args.name || 'stranger'}!` });
    case '/echo':
      return response.json(args);
    case '/raw':
      return response.send(request.rawBody);
    case '/sleep':
      return setTimeout(() => response.json({ slept: 50 }), 50);
    default:
      return response.status(404).end();
  }
};
