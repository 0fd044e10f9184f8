// OpenFaaS on Node.js (node22 template). `event` has body, headers, method, path and query; `context` makes the answer.
module.exports = async (event, context) => {
  const name = event.body?.name ?? event.query?.name ?? "stranger";
  console.log(`Greeting ${name}`);
  return context
    .status(200)
    .headers({ "Content-Type": "application/json" })
    .succeed({ message: `Hello ${name}!` });
};
