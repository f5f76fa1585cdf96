import { h } from "../lib/dom.js";
import { stateNames } from "../lib/format.js";

/** A state as a word with its hue; the hue is the same wherever the state stands. */
export function badge(state) {
  return h("span", { class: `badge s-${state}` }, stateNames[state] || state);
}
