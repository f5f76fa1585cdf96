import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { every, reader } from "../lib/reads.js";
import { table } from "../components/table.js";

export const title = () => "Usage";

const names = {
  submissions_per_second: ["Runs started a second", "on average; a second's worth may come at once"], active_runs: ["Runs that have not ended", "those that other runs started belong to these"],
  pending_steps: ["Steps that wait", "in queues, or for limits"], concurrent_steps: ["Steps at workers", ""],
  workers: ["Workers connected", ""], definitions: ["Workflows", "whatever their versions"],
};

export async function mount(root, { signal }) {
  const show = ({ tenant, usage, soft_percent: percent }) =>
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, "Usage"), h("span", { class: "quiet" }, `of the tenant ${tenant}, beside its quotas`)),
      h("p", { class: "quiet" }, `From ${percent} % of a quota on there is a warning; at the quota the API refuses. The platform's administrators set quotas.`),
      table({ label: "Usage", columns: ["What", { name: "Used", number: true }, { name: "Quota", number: true }, "Share"], rows: usage.map(row) }),
    );
  const read = reader(() => api.get("/v1/usage", signal), show);
  await read();
  every(3000, read, signal);
}

function row({ quota, used, limit, soft_limit: soft }) {
  const [name, note] = names[quota] ?? [quota, ""];
  const known = used !== undefined && limit !== undefined;
  const state = !known ? null : used >= limit ? "s-failed" : used >= (soft ?? limit) ? "s-ready" : "s-succeeded";
  return h(
    "tr",
    { "data-key": quota },
    h("td", {}, name, note ? h("div", { class: "quiet" }, note) : null),
    h("td", { class: "number" }, used === undefined ? "–" : count(used)),
    h("td", { class: "number" }, limit === undefined ? "no limit" : count(limit)),
    h("td", { class: state }, known ? share(name, used, limit) : null),
  );
}

function share(name, used, limit) {
  const percent = limit === 0 ? 100 : Math.round((100 * used) / limit);
  return [h("progress", { class: "share", max: 100, value: Math.min(100, percent), "aria-label": `${name}: share of the quota` }), h("span", { class: "quiet" }, ` ${percent} %`)];
}
