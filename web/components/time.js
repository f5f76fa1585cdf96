import { h } from "../lib/dom.js";
import { ago } from "../lib/format.js";

/** A time as its distance from now, the exact one in the title. */
export function since(time) {
  if (!time) return h("span", { class: "quiet" }, "–");
  return h("time", { datetime: time, title: new Date(time).toLocaleString() }, ago(time));
}
