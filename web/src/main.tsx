import "./styles/shop.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { showTheme } from "./ui/hooks";

showTheme();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
