import { h } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { waterfall as rowsOf } from "../model/run.js";

/** Attempts over time: a pale bar while queued, a full one at the worker. */
export function waterfall(run, now, { selected, select }) {
  const { rows, total } = rowsOf(run, now);
  const percent = (value) => `${((100 * value) / total).toFixed(3)}%`;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return h(
    "div",
    { class: "waterfall" },
    h("div", { class: "scale", "aria-hidden": "true" }, ticks.map((tick) => h("span", { style: `left:${tick * 100}%` }, duration(tick * total)))),
    rows.map((row) =>
      h(
        "button",
        { type: "button", class: `lane${selected === row.id ? " selected" : ""}`, "data-key": row.id, onclick: () => select(row.id) },
        h("span", { class: "name", title: row.id }, row.id),
        h(
          "span",
          { class: "track" },
          row.bars.map((bar) => [
            h("span", {
              class: "queued",
              style: `left:${percent(bar.queued)};width:${percent(Math.max(0, bar.leased - bar.queued))}`,
              title: `${row.id} attempt ${bar.attempt}: ${duration(bar.leased - bar.queued)} in the queue`,
            }),
            h("span", {
              class: `bar s-${bar.state}`,
              style: `left:${percent(bar.leased)};width:max(3px, ${percent(bar.end - bar.leased)})`,
              title: `${row.id} attempt ${bar.attempt}${bar.worker ? ` on ${bar.worker}` : ""}: ${duration(bar.end - bar.leased)}, ${bar.state}`,
            }),
          ]),
        ),
        h("span", { class: "span" }, row.bars.length ? duration(row.bars.at(-1).end - row.bars[0].queued) : ""),
      ),
    ),
  );
}
