// Holds its place for a while when told to; otherwise as quick as can be.
async function main(args) {
  if (args.hold) await new Promise((resolve) => setTimeout(resolve, args.hold));
  return { body: 'done' };
}
