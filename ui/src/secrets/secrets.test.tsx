import { screen, waitFor, within } from "@testing-library/react";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { mount } from "@/test/mount";
import { fail } from "../../tests/fixtures/panel";
import { passphraseSchema } from "./passphrase";
import { SecretStoreSection } from "./SecretStoreSection";

describe("without a place for secrets", () => {
  it("says so and why, and makes a file with a passphrase typed twice", async () => {
    const { user, sent } = mount(<SecretStoreSection />);
    expect(await screen.findByText("No Secret Service answers on the session bus.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Use an encrypted file…" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.type(dialog.getByLabelText("Passphrase"), "open sesame");
    await user.type(dialog.getByLabelText("Passphrase again"), "open seseme");
    await user.click(dialog.getByRole("button", { name: "Use the file" }));
    expect(await dialog.findByText("The two are not the same.")).toBeInTheDocument();
    expect(sent("use_secret_file")).toEqual([]);

    await user.clear(dialog.getByLabelText("Passphrase again"));
    await user.type(dialog.getByLabelText("Passphrase again"), "open sesame");
    await user.click(dialog.getByRole("button", { name: "Use the file" }));
    expect(await screen.findByText("An encrypted file, unlocked")).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  });

  it("tries the keychain again", async () => {
    const { user, panel } = mount(<SecretStoreSection />);
    panel.handlers.use_keychain = () => {
      panel.secretStore = { state: "keychain" };
      return panel.secretStore;
    };
    await user.click(await screen.findByRole("button", { name: "Try the keychain again" }));
    expect(await screen.findByText("The system’s keychain")).toBeInTheDocument();
  });

  it("stays as it is when the keychain still fails", async () => {
    const { user, panel } = mount(<SecretStoreSection />);
    panel.handlers.use_keychain = () => {
      throw fail("secret_store_unavailable", "Still no keychain.");
    };
    const button = await screen.findByRole("button", { name: "Try the keychain again" });
    await user.click(button);
    await waitFor(() => expect(button).toBeEnabled());
    expect(screen.getByText("No place for secrets")).toBeInTheDocument();
  });
});

it("unlocks with the right passphrase only", async () => {
  const { user } = mount(<SecretStoreSection />, (panel) => {
    panel.secretStore = { state: "file_locked" };
  });
  await user.click(await screen.findByRole("button", { name: "Unlock…" }));
  const dialog = within(await screen.findByRole("dialog"));
  const field = dialog.getByLabelText("Passphrase");
  await user.type(field, "wrong");
  await user.keyboard("{Enter}");
  expect(await dialog.findByText("The passphrase is wrong.")).toBeInTheDocument();
  await user.clear(field);
  await user.type(field, "open sesame");
  await user.keyboard("{Enter}");
  expect(await screen.findByText("An encrypted file, unlocked")).toBeInTheDocument();
});

it("counts the characters of a passphrase as the panel does", () => {
  const parse = (passphrase: string) =>
    v.safeParse(passphraseSchema, { passphrase, again: passphrase }).success;
  expect(parse("1234567")).toBe(false);
  expect(parse("12345678")).toBe(true);
  // Four characters of two UTF-16 units each.
  expect(parse("𝄞𝄞𝄞𝄞")).toBe(false);
});
