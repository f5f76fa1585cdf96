import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { fillIn } from "../components/form-dialog.js";
import { graph } from "../components/graph.js";
import { runsTable } from "../components/runs-table.js";
import { since } from "../components/time.js";

export const title = ({ name }) => name;

// What a definition without `inputs` takes: any object.
const anything = { type: "object", additionalProperties: true };

export async function mount(root, { access, parameters, query, signal }) {
  const path = `/v1/workflows/${encodeURIComponent(parameters.name)}`;
  const [workflow, { versions }, { runs }] = await Promise.all([
    api.get(`${path}${search({ version: query.version })}`, signal),
    api.get(`${path}/versions`, signal),
    api.get(`/v1/runs${search({ workflow: parameters.name, page_size: 10 })}`, signal),
  ]);
  const start = () =>
    fillIn({
      title: `Start ${workflow.name}`, text: `A run of v${workflow.version}.`, action: "Start it", schema: workflow.definition.inputs ?? anything,
      send: async (input) => {
        // As text: long numbers stay as they were typed.
        const run = await api.post("/v1/runs", `{"workflow":${JSON.stringify(workflow.name)},"version":${workflow.version},"input":${input}}`, signal);
        location.hash = `#/runs/${run.id}`;
      },
    });
  const here = `#/workflows/${encodeURIComponent(workflow.name)}`;
  patch(
    root,
    h(
      "div",
      { class: "head" },
      h("h1", {}, workflow.name),
      h("span", { class: "quiet" }, `v${workflow.version}, applied `, since(workflow.applied_at)),
      access.can("runs:start", "workflow", workflow.name) ? h("div", { class: "tools" }, h("button", { type: "button", class: "button primary", "data-key": "start", onclick: start }, "Start a run…")) : null,
    ),
    h("div", { class: "scroll" }, graph(workflow.steps, workflow.steps.map((step) => ({ ...step, state: "pending", attempt: 0 })), {})),
    h(
      "div",
      { class: "columns" },
      h("section", {}, h("h2", {}, "Definition"), h("pre", { class: "json" }, workflow.source)),
      h(
        "section",
        {},
        h("h2", {}, "Versions"),
        h("ul", { class: "plain" }, versions.map((version) => h("li", {}, h("a", { href: `${here}?version=${version.version}` }, `v${version.version}`), " ", since(version.applied_at), h("span", { class: "quiet id" }, ` ${version.digest.slice(0, 12)}`)))),
        h("h2", {}, "Start one in a terminal"),
        h("pre", { class: "json" }, `./beamline run start ${workflow.name} --watch`),
      ),
    ),
    h("div", { class: "head" }, h("h2", {}, "Newest runs"), h("a", { href: `#/runs?workflow=${encodeURIComponent(workflow.name)}` }, "All of them")),
    runs.length ? runsTable(runs, Date.now()) : h("p", { class: "quiet" }, "None yet."),
  );
}
