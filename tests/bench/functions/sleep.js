async function main() {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { slept: 50 };
}
