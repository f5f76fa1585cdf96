import { h } from "../lib/dom.js";
import { notice } from "./problem.js";

/**
 * A line for terms of the filter language, applied by Enter or the button. `error` is what the server said of the
 * present terms, `keys` what may stand in them.
 */
export function filterForm({ value, placeholder, keys, error, apply }) {
  return h(
    "form",
    { class: "filter", role: "search", onsubmit: (event) => (event.preventDefault(), apply(new FormData(event.target).get("filter").trim())) },
    h(
      "div",
      { class: "line" },
      h("input", {
        name: "filter", type: "search", value: value || "", placeholder, autocomplete: "off", spellcheck: "false",
        "aria-label": "Filter", "aria-describedby": error ? "filter-error" : "filter-keys", "aria-invalid": error ? "true" : null, maxlength: 4096,
      }),
      h("button", { class: "button" }, "Filter"),
    ),
    error ? notice(error, "filter-error") : h("p", { class: "quiet hint", id: "filter-keys", "data-key": "keys" }, `Keys: ${keys}.`),
  );
}
