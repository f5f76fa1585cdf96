import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { hunks, lines } from "../model/diff.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = ({ name }) => name;

const kinds = { queue: "Queue", run_limit: "Limit of runs", step_limit: "Limit of steps", workflow: "Workflow" };

export async function mount(root, { parameters, query, setQuery, signal }) {
  const path = `/v1/bundles/${encodeURIComponent(parameters.name)}`;
  const [bundle, { versions }] = await Promise.all([api.get(`${path}${search({ version: query.version })}`, signal), api.get(`${path}/versions`, signal)]);
  const others = versions.map(({ version }) => version).filter((version) => version !== bundle.version);
  const wish = Number(query.against);
  const against = others.includes(wish) ? wish : others.find((version) => version < bundle.version);
  const old = against === undefined ? null : await api.get(`${path}${search({ version: against })}`, signal);
  const here = `#/bundles/${encodeURIComponent(bundle.name)}`;
  patch(
    root,
    h("div", { class: "head" }, h("h1", {}, bundle.name), h("span", { class: "quiet" }, `v${bundle.version}, applied by ${bundle.applied_by} `, since(bundle.applied_at)), h("a", { class: "quiet", href: "#/bundles" }, "All bundles")),
    old ? changes(old, bundle, others, (version) => setQuery({ ...query, version: String(bundle.version), against: version })) : null,
    h(
      "div",
      { class: "columns" },
      h("section", {}, h("h2", {}, "As submitted"), h("pre", { class: "json", tabindex: 0, "aria-label": "The bundle's text" }, bundle.source)),
      h(
        "section",
        {},
        h("h2", {}, "Owns"),
        table({
          label: "What the bundle owns",
          columns: ["Kind", "Name", "Version"],
          rows: bundle.resources.map((resource) => h("tr", { "data-key": `${resource.kind}/${resource.name}` }, h("td", {}, kinds[resource.kind] ?? resource.kind), h("td", {}, link(resource)), h("td", {}, `v${resource.version}`))),
        }),
        h("h2", {}, "Versions"),
        h(
          "ul",
          { class: "plain" },
          versions.map((version) =>
            h("li", { "data-key": String(version.version) }, h("a", { href: `${here}?version=${version.version}`, "aria-current": version.version === bundle.version ? "true" : null }, `v${version.version}`), " by ", version.applied_by, " ", since(version.applied_at))),
        ),
      ),
    ),
  );
}

/** How the text differs from another version's. */
function changes(old, bundle, others, compare) {
  const rows = lines(old.source, bundle.source);
  const [added, removed] = ["added", "removed"].map((kind) => rows.filter((row) => row.kind === kind).length);
  return h(
    "section",
    {},
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Changes"),
      h(
        "label",
        { class: "quiet" },
        "against ",
        h("select", { name: "against", onchange: (event) => compare(event.target.value) }, others.map((version) => h("option", { value: version, selected: version === old.version }, `v${version}`))),
      ),
    ),
    h("p", { class: "quiet" }, added + removed === 0 ? "The text is the same: something that had been changed by hand was set back, or removed." : `Lines added: ${added}, removed: ${removed}.`),
    added + removed === 0
      ? null
      : h(
          "div",
          { class: "diff", tabindex: 0, role: "region", "aria-label": `Changes from v${old.version} to v${bundle.version}` },
          hunks(rows).map((row) =>
            row === null
              ? h("div", { class: "gap" }, "⋯")
              : h("div", { class: row.kind }, h("span", { class: "at" }, row.before ?? ""), h("span", { class: "at" }, row.after ?? ""), h("span", { class: "sign" }, signs[row.kind]), h("span", { class: "text" }, row.text))),
        ),
  );
}

const signs = { same: " ", added: "+", removed: "−" };

function link({ kind, name }) {
  if (kind === "workflow") return h("a", { href: `#/workflows/${encodeURIComponent(name)}` }, name);
  return h("a", { href: "#/queues" }, name);
}
