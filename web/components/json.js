import { h } from "../lib/dom.js";

/** A JSON value as text to read and copy. */
export function json(value) {
  if (value === undefined) return h("p", { class: "quiet" }, "None.");
  return h("pre", { class: "json" }, JSON.stringify(value, null, 2));
}
