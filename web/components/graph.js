import { h } from "../lib/dom.js";
import { stateNames } from "../lib/format.js";
import { curve, layout } from "../model/graph.js";

const width = 168;
const height = 38;
const gapX = 64;
const gapY = 16;
const margin = 12;
const laidOut = new WeakMap();

/** The DAG as SVG; `select` is called with a step's id. The layout is made once for a list of steps. */
export function graph(plan, steps, { selected, select }) {
  let shape = laidOut.get(plan);
  if (!shape) laidOut.set(plan, (shape = layout(plan)));
  const x = (node) => margin + node.x * (width + gapX);
  const y = (node) => margin + node.y * (height + gapY);
  const nodes = new Map(shape.nodes.map((node) => [node.id, node]));
  const byId = new Map(steps.map((step) => [step.id, step]));
  const w = margin * 2 + shape.columns * (width + gapX) - gapX;
  const t = margin * 2 + shape.rows * (height + gapY) - gapY;
  return h(
    "svg",
    { class: "graph", width: w, height: t, viewBox: `0 0 ${w} ${t}`, role: "group", "aria-label": "Steps and what they need" },
    shape.edges.map(({ from, to }) => {
      const [a, b] = [nodes.get(from), nodes.get(to)];
      if (!a || !b) return null;
      return h("path", { class: `edge s-${byId.get(from)?.state || "pending"}`, d: curve(x(a) + width, y(a) + height / 2, x(b), y(b) + height / 2) });
    }),
    shape.nodes.map((node) => {
      const step = byId.get(node.id);
      const state = step?.state || "pending";
      const pick = () => select?.(node.id);
      return h(
        "g",
        {
          class: `node s-${state}${selected === node.id ? " selected" : ""}`,
          transform: `translate(${x(node)},${y(node)})`,
          tabindex: select ? 0 : null,
          role: select ? "button" : null,
          "data-key": node.id,
          "data-step": node.id,
          "data-state": state,
          "aria-label": `${node.id}: ${stateNames[state]}`,
          onclick: pick,
          onkeydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), pick()),
        },
        h("title", {}, `${node.id} · ${step?.uses || ""} · ${stateNames[state]}`),
        h("rect", { width, height, rx: 7 }),
        h("circle", { cx: 16, cy: height / 2, r: 5 }),
        h("text", { x: 30, y: height / 2 + 4.5 }, shorten(node.id, 16)),
        step && step.attempt > 1 ? h("text", { x: width - 10, y: height / 2 + 4.5, class: "tries", "text-anchor": "end" }, `×${step.attempt}`) : null,
      );
    }),
  );
}

function shorten(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
