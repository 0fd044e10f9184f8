// Runs on Node.js. `args` is the JSON object that you send; what you return is the result.
async function main(args) {
  const name = args.name || "stranger";
  console.log(`Greeting ${name}`);
  return { body: `Hello ${name}!` };
}
