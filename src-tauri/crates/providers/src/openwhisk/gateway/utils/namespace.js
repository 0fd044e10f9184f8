/** The namespace that called, in `namespace`. */
function main() {
  return { namespace: process.env.__OW_NAMESPACE };
}
