import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// Dialogs are loaded when they are asked for, and machines that run these tests are often loaded.
configure({ asyncUtilTimeout: 10_000 });
afterEach(cleanup);
