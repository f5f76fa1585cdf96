import { h } from "../lib/dom.js";
import { clock, duration } from "../lib/format.js";
import { badge } from "./badge.js";
import { table } from "./table.js";

/** Attempts of a step: who tried, how long it lay in the queue and at the worker, what went wrong. */
export function attemptsTable(attempts, label) {
  return table({
    label,
    columns: ["Attempt", "State", "Worker", "Began", "In the queue", "At the worker", "Error"],
    rows: attempts.map((attempt) =>
      h(
        "tr",
        { "data-key": String(attempt.attempt) },
        h("td", {}, String(attempt.attempt)),
        h("td", {}, badge(attempt.state)),
        h("td", {}, attempt.worker || "–"),
        h("td", {}, began(attempt)),
        h("td", {}, between(attempt.enqueued_at, attempt.leased_at)),
        h("td", {}, between(attempt.leased_at, attempt.ended_at)),
        h("td", { class: "error message" }, attempt.error ? attempt.error.message : ""),
      )),
  });
}

function began({ started_at: started, leased_at: leased }) {
  const time = started || leased;
  return time ? h("time", { datetime: time, title: new Date(time).toLocaleString() }, clock(time)) : "–";
}

function between(from, to) {
  if (!from) return "–";
  return duration((to ? Date.parse(to) : Date.now()) - Date.parse(from));
}
