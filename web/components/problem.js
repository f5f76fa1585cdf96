import { h } from "../lib/dom.js";

/** A failure in a list's answer, in its own place: the rest of the page stays usable. `rendered` shows where it is. */
export function notice(error, id) {
  if (!error) return null;
  const rendered = error.problem?.rendered;
  return h("div", { class: "notice", role: "alert", id, "data-key": "notice" }, rendered ? h("pre", { class: "json" }, rendered) : h("p", { class: "error" }, error.message));
}
