// Takes `seconds` (5 by default). Try it asynchronously: you get an id at once, and the record when it is done.
async function main({ seconds = 5 }) {
  for (let passed = 1; passed <= seconds; passed++) {
    await new Promise((done) => setTimeout(done, 1000));
    console.log(`${passed} of ${seconds} s`);
  }
  return { waited: seconds };
}
