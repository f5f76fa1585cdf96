import { h } from "../lib/dom.js";

/** A short message at the edge of the page, spoken by screen readers. */
export function toast(text, kind = "info") {
  const element = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), kind === "error" ? 8000 : 4000);
}
