import { api, ApiError, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { readPages } from "../lib/pages.js";
import { badge } from "../components/badge.js";
import { chips } from "../components/chips.js";
import { json } from "../components/json.js";
import { notice } from "../components/problem.js";
import { table } from "../components/table.js";

export const title = () => "Audit";

const fields = [
  ["actor", "Who", "alice, key:…"], ["action", "Action", "queue.*"], ["name", "Thing", "its name"], ["since", "Since", "24h"], ["until", "Until", "1h"], ["request_id", "Request", "its id"],
];

export async function mount(root, { query, setQuery, signal }) {
  let wanted = 100;
  let records = [];
  let next;
  let refused = null;
  const page = async (cursor) => {
    const asked = Object.fromEntries([...fields.map(([name]) => name), "outcome"].map((name) => [name, query[name]]));
    const answer = await api.get(`/v1/audit${search({ ...asked, page_size: 100, cursor })}`, signal);
    return { items: answer.records, next: answer.next_cursor };
  };
  const read = async () => {
    try {
      ({ items: records, next } = await readPages(page, wanted));
      refused = null;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400) throw error;
      [records, next, refused] = [[], undefined, error];
    }
    show();
  };
  const toggle = (outcome) => setQuery({ ...query, outcome: query.outcome === outcome ? "" : outcome });
  const apply = (form) => setQuery({ ...query, ...Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()])) });
  const isFiltered = Object.values(query).some(Boolean);

  const show = () =>
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, "Audit"), h("span", { class: "quiet" }, "Who did what, and what was refused"), h("div", { class: "tools" }, h("button", { type: "button", class: "button", "data-key": "again", onclick: () => read() }, "Read again"))),
      h(
        "form",
        { class: "fields narrow", role: "search", "data-key": "filter", onsubmit: (event) => (event.preventDefault(), apply(event.target)) },
        fields.map(([name, label, placeholder]) =>
          h("label", { class: "label" }, h("span", {}, label), h("input", { name, value: query[name] || "", placeholder, autocomplete: "off", spellcheck: "false" }))),
        h("div", { class: "actions start" }, h("button", { class: "button", "data-key": "filter-go" }, "Filter"), isFiltered ? h("a", { class: "button", href: "#/audit" }, "Show all") : null),
      ),
      h("div", { class: "filters" }, chips("Outcome", ["done", "refused"], new Set(query.outcome ? [query.outcome] : []), toggle)),
      notice(refused),
      records.length
        ? table({ label: "Audit log, newest first", columns: ["When", "Who", "Action", "Thing", "Outcome", "Details"], rows: records.map(row) })
        : refused
          ? null
          : h("section", { class: "empty", "data-key": "empty" }, h("p", {}, isFiltered ? "No record matches." : "Nothing has been recorded yet.")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 100), read()) }, "Older records") : null,
    );
  await read();
}

function row(record) {
  const details = Object.fromEntries(["operation", "address", "agent", "actor_kind", "actor_tenant", "request_id", "trace_id"].filter((name) => record[name] !== undefined).map((name) => [name, record[name]]));
  return h(
    "tr",
    { "data-key": record.id },
    h("td", {}, h("time", { datetime: record.at, title: new Date(record.at).toLocaleString() }, `${new Date(record.at).toLocaleDateString([], { day: "2-digit", month: "short" })} ${clock(record.at)}`)),
    h("td", {}, record.actor),
    h("td", { class: "id" }, record.action),
    h("td", { class: "message" }, record.name ?? ""),
    h("td", {}, badge(record.outcome), record.times > 1 ? h("span", { class: "quiet" }, ` ${record.times}×`) : null),
    h(
      "td",
      {},
      h(
        "details",
        {},
        h("summary", {}, record.before || record.after ? "Change" : "Request"),
        record.before ? [h("p", { class: "quiet" }, "Before"), json(record.before)] : null,
        record.after ? [h("p", { class: "quiet" }, "After"), json(record.after)] : null,
        json(details),
      ),
    ),
  );
}
