import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count, duration } from "../lib/format.js";
import { readPages } from "../lib/pages.js";
import { every, reader } from "../lib/reads.js";
import { actions, remaining } from "../model/job.js";
import { badge } from "../components/badge.js";
import { chips } from "../components/chips.js";
import { confirm } from "../components/dialog.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = ({ id }) => `Job ${id.slice(-6)}`;

export async function mount(root, { access, parameters, query, setQuery, signal, toast }) {
  const path = `/v1/bulk/${encodeURIComponent(parameters.id)}`;
  let job = null;
  let results = [];
  let next;
  let wanted = 50;
  const page = async (cursor) => {
    const answer = await api.get(`${path}/runs${search({ outcome: query.outcome, page_size: 50, cursor })}`, signal);
    return { items: answer.runs, next: answer.next_cursor };
  };
  const read = reader(() => Promise.all([api.get(path, signal), readPages(page, wanted)]), (answer) => {
    [job, { items: results, next }] = answer;
    show();
  });
  const cancel = async () => {
    const yes = await confirm({ title: "Cancel this job?", text: "It deals with no further run. What was done stays done.", action: "Cancel the job", danger: true });
    if (!yes) return;
    try {
      await api.post(`${path}/cancel`);
      toast("Cancelled.");
    } catch (error) {
      toast(error.message, "error");
    }
    await read();
  };
  const toggle = (outcome) => setQuery({ ...query, outcome: query.outcome === outcome ? "" : outcome });

  const show = () => {
    const mayCancel = job.state === "running" && (actions[job.action]?.needs ?? ["runs:cancel"]).every((permission) => access.can(permission));
    const left = remaining(job, Date.now());
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, actions[job.action]?.doing ?? job.action),
        h("span", { class: "job-state", "data-state": job.state }, badge(job.state)),
        mayCancel ? h("button", { type: "button", class: "button danger", "data-key": "cancel", onclick: cancel }, "Cancel") : null,
        h("a", { class: "quiet", href: "#/jobs" }, "All jobs"),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", { class: "id" }, job.id),
        h("span", {}, "filter ", h("span", { class: "id" }, job.filter)),
        h("span", {}, job.rate ? `at most ${count(job.rate)} runs a second` : "no rate limit"),
        h("span", {}, `asked for by ${job.asked_by} `, since(job.created_at)),
        job.reason ? h("span", {}, `because: ${job.reason}`) : null,
        job.ended_at ? h("span", {}, `took ${duration(Date.parse(job.ended_at) - Date.parse(job.created_at))}`) : null,
        job.cancelled_by ? h("span", {}, `cancelled by ${job.cancelled_by}`) : null,
        left === null ? null : h("span", {}, `about ${duration(left)} to go`),
      ),
      h("progress", { class: "wide", max: Math.max(1, job.total), value: job.total ? job.dealt_with : 1, "aria-label": `${count(job.dealt_with)} of ${count(job.total)} runs dealt with` }),
      h(
        "div",
        { class: "cards" },
        card("Matched", job.total, ""),
        card("Done", job.done, "s-done"),
        card("Unchanged", job.unchanged, "s-unchanged", "so already, or not possible any more"),
        card("Failed", job.failed, job.failed ? "s-failed" : ""),
        card("To do", job.state === "running" ? job.total - job.dealt_with : 0, "", job.state === "cancelled" ? `${count(job.total - job.dealt_with)} left undone` : null),
      ),
      h("div", { class: "head" }, h("h2", {}, "Runs"), chips("Outcome", ["done", "unchanged", "failed"], new Set(query.outcome ? [query.outcome] : []), toggle)),
      results.length
        ? table({
            label: "Runs of the job",
            columns: ["Outcome", "Run", "Detail", "New run"],
            rows: results.map((result) =>
              h(
                "tr",
                { "data-key": result.run },
                h("td", {}, badge(result.outcome)),
                h("td", {}, h("a", { class: "id", href: `#/runs/${result.run}` }, result.run)),
                h("td", { class: result.outcome === "failed" ? "error message" : "message" }, result.detail || ""),
                h("td", {}, result.new_run ? h("a", { class: "id", href: `#/runs/${result.new_run}` }, result.new_run) : "–"),
              )),
          })
        : h("p", { class: "quiet" }, query.outcome ? "No run with this outcome." : "The job has no runs."),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 50), read()) }, "More") : null,
    );
  };
  await read();
  // Jobs have no events of their own.
  every(1000, () => job.state === "running" && read(), signal);
}

function card(name, number, hue, note) {
  return h("div", { class: `card ${hue}` }, h("span", { class: "figure" }, count(number)), h("span", { class: "label" }, name), note ? h("span", { class: "quiet" }, note) : null);
}
