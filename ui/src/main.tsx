import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { applyPrefs } from "./app/prefs";
import "./styles/index.css";

applyPrefs();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);

// The first screen has an editor: fetch it while the panel answers, not after.
setTimeout(() => void import("./ui/editor/Editor"), 0);
