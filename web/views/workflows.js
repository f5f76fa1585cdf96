import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { readPages } from "../lib/pages.js";
import { reader } from "../lib/reads.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Workflows";

export async function mount(root, { signal }) {
  let wanted = 200;
  const page = async (cursor) => {
    const answer = await api.get(`/v1/workflows${search({ page_size: 200, cursor })}`, signal);
    return { items: answer.workflows, next: answer.next_cursor };
  };
  const show = ({ items: workflows, next }) =>
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
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 200), read()) }, "More") : null,
    );
  const read = reader(() => readPages(page, wanted), show);
  await read();
}
