import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { live } from "../lib/live.js";
import { readFiltered } from "../lib/pages.js";
import { reader } from "../lib/reads.js";
import { allOf, allowedActions } from "../model/job.js";
import { chips } from "../components/chips.js";
import { filterForm } from "../components/filter.js";
import { runsTable } from "../components/runs-table.js";

export const title = () => "Runs";

const states = ["running", "paused", "succeeded", "failed", "cancelled", "timed_out", "queued"];
const keys = "state, workflow, version, label.NAME, created, since, until, ended, duration, error; a word is searched for";

export async function mount(root, { access, events, signal, query, setQuery }) {
  let wanted = 50;
  let runs = [];
  let next;
  let refused = null;
  const chosen = new Set((query.state || "").split(",").filter(Boolean));
  const page = async (cursor) => {
    const answer = await api.get(`/v1/runs${search({ state: query.state, workflow: query.workflow, filter: query.filter, page_size: 50, cursor })}`, signal);
    return { items: answer.runs, next: answer.next_cursor };
  };
  const read = reader(() => readFiltered(page, wanted), (answer) => {
    ({ items: runs, next, refused } = answer);
    show();
  });
  const toggle = (state) => {
    if (!chosen.delete(state)) chosen.add(state);
    setQuery({ ...query, state: [...chosen].join(",") });
  };
  /** What is shown, as terms of the filter language: what a job would be done to. */
  const terms = allOf(chosen.size ? `state:${[...chosen].join(",")}` : "", query.workflow ? `workflow:${query.workflow}` : "", query.filter);
  const show = () =>
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Runs"),
        query.workflow ? h("span", { class: "quiet" }, `of ${query.workflow} `, h("a", { href: "#/runs" }, "Show all")) : null,
        h("div", { class: "tools" }, allowedActions(access).length && terms ? h("a", { class: "button", "data-key": "job", href: `#/jobs/new${search({ filter: terms })}` }, "Do to all that match…") : null),
      ),
      h("div", { class: "filters" }, chips("States", states, chosen, toggle)),
      filterForm({ value: query.filter, placeholder: 'workflow:etl/* since:2h "disk full"', keys, error: refused, apply: (filter) => setQuery({ ...query, filter }) }),
      runs.length ? runsTable(runs, Date.now()) : refused ? null : h("section", { class: "empty", "data-key": "empty" }, h("p", {}, terms ? "No run matches." : "No runs yet.")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 50), read()) }, "Older runs") : null,
    );
  return live(events, read, { interval: 1000 });
}
