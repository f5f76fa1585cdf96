import { h } from "../lib/dom.js";
import { stateNames } from "../lib/format.js";

/** States to choose among, any number of them; `toggle` gets the one that was pressed. */
export function chips(label, states, chosen, toggle) {
  return h(
    "div",
    { class: "chips", role: "group", "aria-label": label },
    states.map((state) =>
      h("button", { type: "button", class: `chip s-${state}`, "data-key": `chip-${state}`, "aria-pressed": chosen.has(state) ? "true" : "false", onclick: () => toggle(state) }, stateNames[state] || state)),
  );
}
