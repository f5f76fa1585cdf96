import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { readFiltered } from "../lib/pages.js";
import { reader } from "../lib/reads.js";
import { changes } from "../model/audit.js";
import { badge } from "../components/badge.js";
import { chips } from "../components/chips.js";
import { elsewhere } from "../components/elsewhere.js";
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
  const opened = new Set();
  const page = async (cursor) => {
    const asked = Object.fromEntries([...fields.map(([name]) => name), "outcome"].map((name) => [name, query[name]]));
    const answer = await api.get(`/v1/audit${search({ ...asked, page_size: 100, cursor })}`, signal);
    return { items: answer.records, next: answer.next_cursor };
  };
  const read = reader(() => readFiltered(page, wanted), (answer) => {
    ({ items: records, next, refused } = answer);
    show();
  });
  const toggle = (outcome) => setQuery({ ...query, outcome: query.outcome === outcome ? "" : outcome });
  const apply = (form) => setQuery({ ...query, ...Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()])) });
  const open = (id) => {
    if (!opened.delete(id)) opened.add(id);
    show();
  };
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
        ? table({ label: "Audit log, newest first", columns: ["When", "Who", "Action", "Thing", "Outcome", "Details"], rows: records.flatMap((record) => rows(record, opened.has(record.id), () => open(record.id))) })
        : refused
          ? null
          : h("section", { class: "empty", "data-key": "empty" }, h("p", {}, isFiltered ? "No record matches." : "Nothing has been recorded yet.")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 100), read()) }, "Older records") : null,
    );
  try {
    await read();
  } catch (error) {
    patch(root, elsewhere(error, "Audit"));
  }
}

const facts = { operation: "Operation", address: "From", agent: "By", actor_kind: "Signed in by", actor_tenant: "Of the tenant", request_id: "Request", trace_id: "Trace" };

/** A record's row and, while it is open, one below it with what changed and the request. */
function rows(record, isOpen, toggle) {
  const row = h(
    "tr",
    { "data-key": record.id },
    h("td", {}, h("time", { datetime: record.at, title: new Date(record.at).toLocaleString() }, `${new Date(record.at).toLocaleDateString([], { day: "2-digit", month: "short" })} ${clock(record.at)}`)),
    h("td", {}, record.actor),
    h("td", { class: "id" }, record.action),
    h("td", { class: "message" }, record.name ?? ""),
    h("td", {}, badge(record.outcome), record.times > 1 ? h("span", { class: "quiet" }, ` ${record.times}×`) : null),
    h("td", {}, h("button", { type: "button", class: "button small", "data-key": `open-${record.id}`, "aria-expanded": isOpen ? "true" : "false", "aria-label": `Details of ${record.action} ${record.name ?? ""}`, onclick: toggle }, record.before || record.after ? "Change" : "Request")),
  );
  return isOpen ? [row, h("tr", { "data-key": `more-${record.id}` }, h("td", { colspan: 6 }, details(record)))] : [row];
}

function details(record) {
  return h(
    "dl",
    { class: "more" },
    changes(record.before, record.after).map(({ name, before, after }) => [
      h("dt", { "data-key": `dt-${name}` }, name),
      h("dd", { class: "id", "data-key": `dd-${name}` }, before === undefined ? "" : [h("del", {}, text(before)), " → "], after === undefined ? "nothing" : text(after)),
    ]),
    Object.entries(facts).filter(([name]) => record[name] !== undefined).map(([name, label]) => [h("dt", { "data-key": `dt-fact-${name}` }, label), h("dd", { "data-key": `dd-fact-${name}` }, record[name])]),
  );
}

function text(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
