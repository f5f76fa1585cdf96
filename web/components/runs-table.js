import { h } from "../lib/dom.js";
import { duration, isEnded } from "../lib/format.js";
import { badge } from "./badge.js";
import { since } from "./time.js";

/** Runs as a table, newest first. */
export function runsTable(runs, now) {
  return h(
    "table",
    { class: "table" },
    h("thead", {}, h("tr", {}, ["State", "Workflow", "Run", "Started", "Took"].map((name, index) => h("th", { scope: "col", class: index === 4 ? "number" : null }, name)))),
    h(
      "tbody",
      {},
      runs.map((run) =>
        h(
          "tr",
          { "data-key": run.id },
          h("td", {}, badge(run.state)),
          h("td", {}, h("a", { href: `#/workflows/${encodeURIComponent(run.workflow)}` }, run.workflow), h("span", { class: "quiet" }, ` v${run.version}`)),
          h("td", {}, h("a", { class: "id", href: `#/runs/${run.id}` }, run.id)),
          h("td", {}, since(run.created_at)),
          h("td", { class: "number" }, duration((isEnded(run.state) && run.ended_at ? Date.parse(run.ended_at) : now) - Date.parse(run.created_at))),
        ),
      ),
    ),
  );
}
