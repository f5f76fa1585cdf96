import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { readPages } from "../lib/pages.js";
import { every, reader } from "../lib/reads.js";
import { actions, allowedActions } from "../model/job.js";
import { badge } from "../components/badge.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Jobs";

export async function mount(root, { access, signal }) {
  let wanted = 50;
  const page = async (cursor) => {
    const answer = await api.get(`/v1/bulk${search({ page_size: 50, cursor })}`, signal);
    return { items: answer.jobs, next: answer.next_cursor };
  };
  const show = ({ items: jobs, next }) =>
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Jobs"),
        h("span", { class: "quiet" }, "One thing done to many runs"),
        h("div", { class: "tools" }, allowedActions(access).length ? h("a", { class: "button", href: "#/jobs/new", "data-key": "new" }, "New job…") : null),
      ),
      jobs.length
        ? table({
            label: "Jobs",
            columns: ["State", "Job", "Filter", "Progress", { name: "Failed", number: true }, "Asked by", "Made"],
            rows: jobs.map((job) =>
              h(
                "tr",
                { "data-key": job.id },
                h("td", {}, badge(job.state)),
                h("td", {}, h("a", { href: `#/jobs/${job.id}` }, actions[job.action]?.name ?? job.action)),
                h("td", { class: "id message" }, job.filter),
                h("td", {}, h("progress", { max: Math.max(1, job.total), value: job.total ? job.dealt_with : 1, "aria-label": "Progress" }), h("span", { class: "quiet" }, ` ${count(job.dealt_with)} of ${count(job.total)}`)),
                h("td", { class: job.failed ? "number error" : "number" }, count(job.failed)),
                h("td", {}, job.asked_by),
                h("td", {}, since(job.created_at)),
              )),
          })
        : h("section", { class: "empty" }, h("p", {}, "No jobs yet. A job cancels, pauses, resumes, reruns or redrives all runs that pass a filter.")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 50), read()) }, "Older jobs") : null,
    );
  const read = reader(() => readPages(page, wanted), show);
  await read();
  // Jobs have no events of their own.
  every(3000, read, signal);
}
