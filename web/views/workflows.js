import { api, query } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Workflows";

export async function mount(root, { signal }) {
  const workflows = [];
  let cursor;
  const read = async () => {
    const page = await api.get(`/v1/workflows${query({ page_size: 200, cursor })}`, signal);
    workflows.push(...page.workflows);
    cursor = page.next_cursor;
    patch(
      root,
      h("h1", {}, "Workflows"),
      workflows.length
        ? table({
            label: "Workflows",
            columns: ["Name", "Version", "Applied", { name: "Its runs", hidden: true }],
            rows: workflows.map((workflow) =>
              h(
                "tr",
                { "data-key": workflow.name },
                h("td", {}, h("a", { href: `#/workflows/${encodeURIComponent(workflow.name)}` }, workflow.name)),
                h("td", {}, `v${workflow.version}`),
                h("td", {}, since(workflow.applied_at)),
                h("td", { class: "number" }, h("a", { href: `#/runs?workflow=${encodeURIComponent(workflow.name)}`, "aria-label": `Runs of ${workflow.name}` }, "Runs")),
              )),
          })
        : h("section", { class: "empty" }, h("p", {}, "No workflows yet. In a terminal:"), h("pre", { class: "json" }, "./beamline init hello.yaml\n./beamline workflow apply hello.yaml")),
      cursor ? h("button", { type: "button", class: "button", onclick: read }, "More") : null,
    );
  };
  await read();
}
