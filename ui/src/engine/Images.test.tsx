import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Image } from "@/platform";
import { mount } from "@/test/mount";
import { fail } from "../../tests/fixtures/panel";
import { Images } from "./Images";

const IMAGES: Image[] = [
  { name: "me/hello:1.0", folder: "/home/me/hello", created: 1 },
  { name: "me/cat", folder: null, created: 2 },
];

const rows = () => screen.getAllByTestId("image").map(({ textContent }) => textContent);
const show = (images: Image[] = []) => mount(<Images />, (panel) => Object.assign(panel, { images }));

it("says what it is for with a command to copy, and maps a folder", async () => {
  const { user, sent, panel } = show();
  expect(await screen.findByText(/faas-cli deploy --gateway http:\/\/127.0.0.1/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Map an image" }));
  const save = await screen.findByRole("button", { name: "Map image" });
  expect(save).toBeDisabled();
  await user.type(screen.getByLabelText("Image"), " me/hello ");
  await user.type(screen.getByLabelText("Folder"), "nowhere");
  panel.handlers.map_image = () => {
    throw fail("invalid_input", "'nowhere' is not an absolute path.");
  };
  await user.click(save);
  expect(await screen.findByRole("alert")).toHaveTextContent("not an absolute path");
  delete panel.handlers.map_image;
  await user.clear(screen.getByLabelText("Folder"));
  await user.type(screen.getByLabelText("Folder"), "/home/me/hello");
  await user.click(save);
  await waitFor(() => expect(rows()).toHaveLength(1));
  expect(sent("map_image").at(-1)).toEqual({ name: "me/hello", folder: "/home/me/hello" });
});

it("lists what each stands for, and changes it", async () => {
  const { user, sent } = show(IMAGES);
  await screen.findAllByTestId("image");
  expect(rows()[0]).toMatch(/^me\/catthe process that each deployment names/);
  expect(rows()[1]).toMatch(/^me\/hello:1\.0\/home\/me\/hello/);
  await user.click(screen.getByRole("button", { name: "Change me/hello:1.0" }));
  expect(await screen.findByLabelText("Image")).toHaveAttribute("readonly");
  await user.click(screen.getByRole("radio", { name: "The deployment’s process" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent("map_image")).toEqual([{ name: "me/hello:1.0", folder: null }]));
});

it("says when a name is mapped already", async () => {
  const { user } = show(IMAGES);
  await user.click(await screen.findByRole("button", { name: "Map an image" }));
  await user.type(await screen.findByLabelText("Image"), "me/cat");
  expect(screen.getByText(/takes that mapping’s place/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Replace" })).toBeVisible();
});

it("unmaps when that is confirmed", async () => {
  const { user, sent } = show(IMAGES);
  await user.click(await screen.findByRole("button", { name: "Unmap me/cat" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/stay/)).toBeVisible();
  expect(sent("unmap_image")).toEqual([]);
  await user.click(dialog.getByRole("button", { name: "Unmap" }));
  await waitFor(() => expect(rows()).toHaveLength(1));
  expect(sent("unmap_image")).toEqual([{ name: "me/cat" }]);
});
