// Scaleway on Node.js. `event` is the request as an API gateway describes it; the answer has a status, headers and a body.
exports.handle = async (event, context, callback) => {
  const { name = "stranger" } = event.body ? JSON.parse(event.body) : event.queryStringParameters ?? {};
  console.log(`Greeting ${name}`);
  return {
    statusCode: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message: `Hello ${name}!` }),
  };
};
