import * as v from "valibot";

/** The panel counts characters, not the UTF-16 units of `length`. */
const longEnough = (text: string) => [...text].length >= 8;

export const passphraseSchema = v.pipe(
  v.object({
    passphrase: v.pipe(v.string(), v.check(longEnough, "At least 8 characters.")),
    again: v.string(),
  }),
  v.forward(
    v.partialCheck(
      [["passphrase"], ["again"]],
      (form) => form.passphrase === form.again,
      "The two are not the same.",
    ),
    ["again"],
  ),
);
