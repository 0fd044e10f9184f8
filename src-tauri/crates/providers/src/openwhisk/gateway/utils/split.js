/** Splits `payload`, a text, at `separator` (line ends) into `lines`. */
function main({ payload = '', separator }) {
  const text = String(payload);
  return { lines: text.split(separator ?? /\r?\n/), payload: text };
}
