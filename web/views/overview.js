import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count, stateNames } from "../lib/format.js";
import { live } from "../lib/live.js";
import { reader } from "../lib/reads.js";
import { runsTable } from "../components/runs-table.js";

export const title = () => "Overview";

export async function mount(root, { events, signal }) {
  const show = ([overview, { runs }]) =>
    patch(
      root,
      h("h1", {}, "Overview"),
      h(
        "div",
        { class: "cards" },
        card("Ready steps", overview.ready, "s-ready", "waiting for a worker"),
        card("Running steps", overview.running, "s-running", "at a worker now"),
        card("Scheduled steps", overview.scheduled, "s-scheduled", "retry or delay"),
        card("Workers", overview.workers, "", "connected"),
      ),
      h("h2", {}, "Runs, last 24 hours"),
      h("div", { class: "cards" }, Object.entries(overview.runs).filter(([, number]) => number > 0).map(([state, number]) => card(stateNames[state], number, `s-${state}`, null, `#/runs?state=${state}`))),
      h("div", { class: "head" }, h("h2", {}, "Newest runs"), h("a", { href: "#/runs" }, "All runs")),
      runs.length ? runsTable(runs, Date.now()) : empty(),
    );
  const read = reader(() => Promise.all([api.get("/v1/overview", signal), api.get("/v1/runs?page_size=12", signal)]), show);
  return live(events, read, { interval: 1000 });
}

function card(name, number, hue, note, href) {
  return h(href ? "a" : "div", { class: `card ${hue}`, href }, h("span", { class: "figure" }, count(number)), h("span", { class: "label" }, name), note ? h("span", { class: "quiet" }, note) : null);
}

function empty() {
  return h("section", { class: "empty" }, h("p", {}, "No runs yet. In a terminal:"), h("pre", { class: "json" }, "./beamline init hello.yaml\n./beamline run start hello.yaml -i name=Ada --watch"));
}
