import { configure, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { renderPage } from "@/activations/testPage";
import { type CopyReply, replaceTransport } from "@/platform";
import { FixturePanel, fail } from "../../tests/fixtures/panel";
import { OVERVIEW } from "../../tests/fixtures/samples";
import { CopyCurl } from "./CopyCurl";
import { useCopyPrefs } from "./useCopyPrefs";

// Machines that run these tests are often loaded.
configure({ asyncUtilTimeout: 10_000 });

const SECRET = "8b1f:realsecret";
let panel: FixturePanel;
let stop: () => void;

beforeEach(() => {
  useCopyPrefs.setState({ token: "masked", form: "curl" });
  panel = new FixturePanel();
  panel.handlers.copy_call = ({ token, mode, to }): CopyReply => {
    const shown = { masked: "****", env: '"$BECKON_TOKEN"', real: SECRET }[token as "masked"];
    return {
      text: to === "page" ? `curl -u ${shown} ${mode}` : null,
      variable: token === "env" ? "BECKON_TOKEN" : null,
    };
  };
  replaceTransport(panel);
});

afterEach(() => stop());

async function open() {
  const user = userEvent.setup();
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const page = renderPage(<CopyCurl source={{ type: "run", id: "a".repeat(32) }} defaultMode="result" />);
  stop = page.stop;
  await user.click(await screen.findByTestId("copy-curl"));
  await waitFor(() => expect(screen.getByTestId("copy-preview")).toHaveTextContent("curl -u **** result"));
  return { user, write };
}

const asked = () => panel.calls.filter(({ command }) => command === "copy_call").map(({ args }) => args);

it("shows the masked form first and copies what is shown", async () => {
  const { user, write } = await open();
  await user.click(screen.getByRole("radio", { name: "Asynchronous" }));
  await waitFor(() => expect(screen.getByTestId("copy-preview")).toHaveTextContent("non_blocking"));
  await user.click(screen.getByTestId("copy-curl-now"));
  await waitFor(() => expect(write).toHaveBeenCalledWith("curl -u **** non_blocking"));
  await waitFor(() => expect(screen.queryByTestId("copy-preview")).toBeNull());
});

it("says which variable to set", async () => {
  const { user } = await open();
  await user.click(screen.getByRole("radio", { name: "$VARIABLE" }));
  expect(await screen.findByText(/export BECKON_TOKEN=/)).toBeInTheDocument();
  expect(screen.getByTestId("copy-preview")).toHaveTextContent("$BECKON_TOKEN");
});

it("puts the real token on the clipboard and never on the page", async () => {
  const { user, write } = await open();
  await user.click(screen.getByRole("radio", { name: "Real" }));
  expect(screen.getByTestId("copy-preview")).toHaveTextContent("****");
  expect(asked().some(({ token }) => token === "real")).toBe(false);
  await user.click(screen.getByTestId("copy-curl-now"));
  await waitFor(() => expect(write).toHaveBeenCalledWith(`curl -u ${SECRET} result`));
  expect(document.body.textContent).not.toContain("realsecret");
});

it("leaves the clipboard to a host that has one", async () => {
  panel.handlers.overview = () => ({ ...OVERVIEW, hostClipboard: true });
  const { user, write } = await open();
  await user.click(screen.getByRole("radio", { name: "Real" }));
  await user.click(screen.getByTestId("copy-curl-now"));
  await waitFor(() => expect(asked().at(-1)).toMatchObject({ token: "real", to: "clipboard" }));
  expect(write).not.toHaveBeenCalled();
});

it("says what is missing when there is no token to copy", async () => {
  const { user } = await open();
  panel.handlers.copy_call = ({ token }) => {
    if (token === "real") throw fail("secret_store_locked", "The secret file is locked.");
    return { text: "curl", variable: null };
  };
  await user.click(screen.getByRole("radio", { name: "Real" }));
  await user.click(screen.getByTestId("copy-curl-now"));
  expect(await screen.findByText("The secret file is locked.")).toBeInTheDocument();
});

it("writes the same call for others", async () => {
  panel.handlers.copy_call = ({ form, mode, token }): CopyReply => ({
    text: `${form} ${mode} ${token}`,
    variable: form === "doctl" ? "DIGITALOCEAN_ACCESS_TOKEN" : null,
  });
  const user = userEvent.setup();
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const page = renderPage(<CopyCurl source={{ type: "run", id: "a".repeat(32) }} />);
  stop = page.stop;
  await user.click(await screen.findByTestId("copy-curl"));
  await user.click(await screen.findByRole("radio", { name: "Python" }));
  await user.click(screen.getByRole("radio", { name: "Read record" }));
  await waitFor(() => expect(screen.getByTestId("copy-preview")).toHaveTextContent("python record masked"));
  await user.click(screen.getByRole("radio", { name: "doctl" }));
  expect(await screen.findByText(/export DIGITALOCEAN_ACCESS_TOKEN=/)).toBeInTheDocument();
  expect(screen.queryByRole("radio", { name: "Real" })).toBeNull();
  await user.click(screen.getByTestId("copy-curl-now"));
  await waitFor(() => expect(write).toHaveBeenCalledWith("doctl record masked"));
});

it("calls a space's function with a token, and any other with a request without", async () => {
  panel.handlers.copy_call = ({ form, mode, token }): CopyReply => ({
    text: `${form} ${mode} ${token}`,
    variable: null,
  });
  const first = panel.connections[0];
  if (first === undefined) throw new Error("the fixture has a connection");
  panel.connections.push({ ...first, id: "space", kind: "spaces" });
  const user = userEvent.setup();
  const request = {
    method: "GET",
    path: "/",
    query: "",
    headers: [],
    body: { type: "text" as const, text: "" },
  };
  const source = (connection: string) => ({
    type: "request" as const,
    function: { connection, namespace: "n", name: "f" },
    request,
  });
  const page = renderPage(<CopyCurl source={source("space")} />);
  stop = page.stop;
  await user.click(await screen.findByTestId("copy-curl"));
  await user.click(await screen.findByRole("radio", { name: "Python" }));
  expect(screen.queryByRole("radio", { name: "wsk" })).toBeNull();
  await user.click(screen.getByRole("radio", { name: "$VARIABLE" }));
  await user.click(screen.getByRole("radio", { name: "Asynchronous" }));
  await waitFor(() =>
    expect(screen.getByTestId("copy-preview")).toHaveTextContent("python non_blocking env"),
  );
});
