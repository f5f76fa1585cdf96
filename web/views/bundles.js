import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { readPages } from "../lib/pages.js";
import { reader } from "../lib/reads.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Bundles";

export async function mount(root, { signal }) {
  let wanted = 200;
  const page = async (cursor) => {
    const answer = await api.get(`/v1/bundles${search({ page_size: 200, cursor })}`, signal);
    return { items: answer.bundles, next: answer.next_cursor };
  };
  const show = ({ items: bundles, next }) =>
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, "Bundles"), h("span", { class: "quiet" }, "Workflows, queues and limits that are kept in files")),
      bundles.length
        ? table({
            label: "Bundles",
            columns: ["Name", "Version", "Applied", "By"],
            rows: bundles.map((bundle) =>
              h(
                "tr",
                { "data-key": bundle.name },
                h("td", {}, h("a", { href: `#/bundles/${encodeURIComponent(bundle.name)}` }, bundle.name)),
                h("td", {}, `v${bundle.version}`),
                h("td", {}, since(bundle.applied_at)),
                h("td", {}, bundle.applied_by),
              )),
          })
        : h("section", { class: "empty" }, h("p", {}, "No bundle is applied. In a terminal:"), h("pre", { class: "json" }, "./beamline apply --dry-run --diff billing.yaml\n./beamline apply billing.yaml")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 200), read()) }, "More") : null,
    );
  const read = reader(() => readPages(page, wanted), show);
  await read();
}
