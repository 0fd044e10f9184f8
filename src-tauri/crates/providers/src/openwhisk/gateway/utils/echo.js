/** Returns what it is given. */
function main(params) {
  console.log(JSON.stringify(params));
  return params;
}
