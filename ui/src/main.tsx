import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { applyPrefs } from "./app/prefs";
import "./styles/index.css";

applyPrefs();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
