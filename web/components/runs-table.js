import { h } from "../lib/dom.js";
import { duration, isEnded } from "../lib/format.js";
import { badge } from "./badge.js";
import { table } from "./table.js";
import { since } from "./time.js";

/** Runs as a table, newest first. */
export function runsTable(runs, now) {
  return table({
    label: "Runs",
    columns: ["State", "Workflow", "Run", "Started", { name: "Took", number: true }],
    rows: runs.map((run) =>
      h(
        "tr",
        { "data-key": run.id },
        h("td", {}, badge(run.state)),
        h("td", {}, h("a", { href: `#/workflows/${encodeURIComponent(run.workflow)}` }, run.workflow), h("span", { class: "quiet" }, ` v${run.version}`)),
        h("td", {}, h("a", { class: "id", href: `#/runs/${run.id}` }, run.id)),
        h("td", {}, since(run.created_at)),
        h("td", { class: "number" }, duration((isEnded(run.state) && run.ended_at ? Date.parse(run.ended_at) : now) - Date.parse(run.created_at))),
      )),
  });
}
