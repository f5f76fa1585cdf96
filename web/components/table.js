import { h } from "../lib/dom.js";

/**
 * A table that scrolls sideways by itself where the page is narrow. `columns` are names, or `{ name, number, hidden }`:
 * a number stands right, a hidden name is only spoken. `rows` are `tr` elements.
 */
export function table({ label, columns, rows }) {
  return h(
    "div",
    { class: "sheet", role: "region", "aria-label": label, tabindex: 0 },
    h(
      "table",
      { class: "table" },
      h("thead", {}, h("tr", {}, columns.map((column) => {
        const { name, number, hidden } = typeof column === "string" ? { name: column } : column;
        return h("th", { scope: "col", class: number ? "number" : null }, hidden ? h("span", { class: "spoken" }, name) : name);
      }))),
      h("tbody", {}, rows),
    ),
  );
}
