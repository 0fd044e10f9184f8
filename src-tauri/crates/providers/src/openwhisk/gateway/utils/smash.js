/** Lifts the fields of objects within the arguments by one level. */
function main(params) {
  const flat = {};
  for (const [key, value] of Object.entries(params)) {
    const nested = value !== null && typeof value === 'object' && !Array.isArray(value);
    Object.assign(flat, nested ? value : { [key]: value });
  }
  return flat;
}
