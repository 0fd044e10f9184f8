/** The first `num` (1) of `lines`, an array of strings. */
function main({ lines = [], num = 1 }) {
  if (!Array.isArray(lines)) return { error: "'lines' must be an array of strings." };
  const count = Math.max(0, Math.trunc(Number(num)) || 0);
  return { lines: lines.slice(0, count), num: count };
}
