import { screen } from "@testing-library/react";
import { useState } from "react";
import { expect, it } from "vitest";
import { mount } from "@/test/mount";
import { requestProblem } from "./problem";
import { RequestEditor } from "./RequestEditor";
import { parseRequest, type RequestForm } from "./request";

let form: RequestForm;

function Editor({ start }: { start: RequestForm }) {
  const [value, setValue] = useState(start);
  form = value;
  return (
    <RequestEditor
      value={value}
      onChange={setValue}
      onSubmit={() => undefined}
      problem={requestProblem(value)}
      refusals={0}
    />
  );
}

function show(start: Partial<RequestForm>) {
  return mount(<Editor start={{ ...parseRequest(""), ...start }} />);
}

it("has one query, as a line, as rows and as text", async () => {
  const { user } = show({ query: "a=1+2" });
  const line = screen.getByLabelText("Path and query");
  expect(line).toHaveValue("/?a=1+2");
  await user.click(screen.getByRole("button", { name: "Add parameter" }));
  expect(screen.getByLabelText("Parameter 2: name")).toHaveFocus();
  await user.keyboard("b");
  await user.type(screen.getByLabelText("Parameter 2: value"), "x y");
  expect(line).toHaveValue("/?a=1+2&b=x%20y");
  await user.click(screen.getByRole("button", { name: "Edit as text" }));
  const lines = screen.getByLabelText("Query, a parameter a line");
  expect(lines).toHaveValue("a=1 2\nb=x y");
  await user.type(lines, "\nc=3");
  expect(form.query).toBe("a=1%202&b=x%20y&c=3");
  await user.clear(line);
  await user.type(line, "/orders?id=7");
  expect(form).toMatchObject({ path: "/orders", query: "id=7" });
  await user.click(screen.getByRole("button", { name: "Edit as rows" }));
  expect(screen.getByLabelText("Parameter 1: value")).toHaveValue("7");
});

it("sends files in the fields of a form, and says what type goes along", async () => {
  const { user } = show({});
  await user.click(screen.getByRole("tab", { name: "Body" }));
  await user.selectOptions(screen.getByLabelText("Type of the body"), "multipart");
  expect(screen.getByLabelText("Method")).toHaveValue("POST");
  await user.click(screen.getByRole("button", { name: "Add field" }));
  await user.keyboard("photo");
  await user.upload(
    screen.getByLabelText("File of field 1"),
    new File(["12345"], "a.png", { type: "image/png" }),
  );
  expect(await screen.findByRole("button", { name: "File of field 1: a.png. Choose another" })).toHaveFocus();
  expect(screen.queryByLabelText("Field 1: value")).toBeNull();
  expect(form.rows).toMatchObject([{ name: "photo", file: { name: "a.png", size: 5 } }]);
  await user.click(screen.getByRole("tab", { name: "Headers 1" }));
  expect(screen.getByText("Content-Type: multipart/form-data")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Send no Content-Type" }));
  expect(form.untyped).toBe(true);
  await user.click(screen.getByRole("button", { name: "Send the body's own" }));
  expect(screen.getByText("Content-Type: multipart/form-data")).toBeVisible();
});
