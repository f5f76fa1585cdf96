import { h } from "../lib/dom.js";

/** Takes the one-time code out of the URL's fragment, so that it stays in no history entry. */
export function takeCode() {
  const found = /^#code=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return found[1];
}

export function show(root, error, triedCode) {
  document.title = "Sign in · Beamline";
  root.replaceChildren(
    h(
      "section",
      { class: "view empty" },
      h("h1", {}, "Sign in"),
      triedCode ? h("p", { class: "error", role: "alert" }, error.message) : null,
      h("p", {}, "In a terminal, ask for a link to this page. It is good once, for five minutes:"),
      h("pre", { class: "json" }, "./beamline dashboard"),
    ),
  );
}

export function showUnreachable(root, error, retry) {
  root.replaceChildren(
    h(
      "section",
      { class: "view empty", role: "alert" },
      h("h1", {}, "The server cannot be reached"),
      h("p", {}, error.message),
      h("button", { type: "button", class: "button primary", onclick: retry }, "Try again"),
    ),
  );
}
