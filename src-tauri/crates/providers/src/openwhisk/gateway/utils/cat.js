/** Joins `lines`, an array of strings, into `payload`. */
function main({ lines = [] }) {
  if (!Array.isArray(lines)) return { error: "'lines' must be an array of strings." };
  return { lines, payload: lines.join('\n') };
}
