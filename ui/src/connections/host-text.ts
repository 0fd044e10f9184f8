/** Encryption is the rule and goes without saying; its absence does not. */
export function hostText(address: string): string {
  return address.replace(/^https:\/\//, "");
}
