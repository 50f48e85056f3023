/** The page begins here: one store for its whole life, opened outside of components. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "todomvc-app-css/index.css";
import "./style.css";
import * as z from "zod/mini";
import { App } from "./app.tsx";
import { watchJumps } from "./jumps.ts";
import { openTodos } from "./open.ts";
import { watchRelease } from "./release.ts";

// The page's content security policy lets no text become code, and zod shall not try.
z.config({ jitless: true });

const store = openTodos();
const release = watchRelease();
const jumps = watchJumps(store);
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App store={store} release={release} jumps={jumps} />
    </StrictMode>,
  );
