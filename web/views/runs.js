import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { stateNames } from "../lib/format.js";
import { live } from "../lib/live.js";
import { runsTable } from "../components/runs-table.js";

export const title = () => "Runs";

const states = ["running", "succeeded", "failed", "cancelled", "timed_out", "queued"];

export async function mount(root, { events, signal, query, setQuery }) {
  let pages = 1;
  let runs = [];
  let next;
  const read = async () => {
    let cursor;
    const read = [];
    for (let page = 0; page < pages; page++) {
      const answer = await api.get(`/v1/runs${search({ state: query.state, workflow: query.workflow, page_size: 50, cursor })}`, signal);
      read.push(...answer.runs);
      cursor = answer.next_cursor;
      if (!cursor) break;
    }
    runs = read;
    next = cursor;
    show();
  };
  const chosen = new Set((query.state || "").split(",").filter(Boolean));
  const toggle = (state) => {
    if (chosen.has(state)) chosen.delete(state);
    else chosen.add(state);
    setQuery({ ...query, state: [...chosen].join(",") });
  };
  const show = () =>
    patch(
      root,
      h("h1", {}, "Runs"),
      h(
        "div",
        { class: "filters" },
        h("div", { class: "chips", role: "group", "aria-label": "States" }, states.map((state) => h("button", { type: "button", class: `chip s-${state}`, "aria-pressed": chosen.has(state) ? "true" : "false", onclick: () => toggle(state) }, stateNames[state]))),
        h(
          "form",
          { onsubmit: (event) => (event.preventDefault(), setQuery({ ...query, workflow: new FormData(event.target).get("workflow").trim() })) },
          h("label", {}, h("span", { class: "quiet" }, "Workflow "), h("input", { name: "workflow", type: "search", value: query.workflow || "", placeholder: "team/name", autocomplete: "off" })),
        ),
      ),
      runs.length ? runsTable(runs, Date.now()) : h("section", { class: "empty" }, h("p", {}, query.state || query.workflow ? "No run matches." : "No runs yet.")),
      next ? h("button", { type: "button", class: "button", onclick: () => ((pages += 1), read()) }, "Older runs") : null,
    );
  await read();
  return live(events, read, { interval: 1000 });
}
