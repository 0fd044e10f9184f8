/** Sorts `lines`, an array of strings. */
function main({ lines = [] }) {
  if (!Array.isArray(lines)) return { error: "'lines' must be an array of strings." };
  return { lines: [...lines].sort(), length: lines.length };
}
