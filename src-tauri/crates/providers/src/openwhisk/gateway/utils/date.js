/** The time, in `date`. */
function main() {
  return { date: new Date().toISOString() };
}
