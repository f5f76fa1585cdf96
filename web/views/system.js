import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { every, reader } from "../lib/reads.js";
import { elsewhere } from "../components/elsewhere.js";
import { since } from "../components/time.js";

export const title = () => "System";

export async function mount(root, { signal }) {
  const show = (tree) =>
    patch(
      root,
      h("h1", {}, "System"),
      h("p", { class: "quiet" }, "What runs on this node, who restarts it, and how often that was needed."),
      h("ul", { class: "tree" }, branch(tree)),
    );
  const read = reader(() => api.get("/v1/system/tree", signal), show);
  try {
    await read();
  } catch (error) {
    patch(root, elsewhere(error, "System"));
    return;
  }
  every(3000, read, signal);
}

function branch(node) {
  return h(
    "li",
    { "data-key": node.name },
    h("span", { class: "name" }, node.name),
    h("span", { class: `badge s-${node.state}` }, node.state),
    node.strategy ? h("span", { class: "quiet" }, node.strategy.replaceAll("_", " ")) : null,
    node.restarts > 0 ? h("span", { class: "s-failed" }, `${node.restarts} restarts`) : null,
    node.since ? since(node.since) : null,
    node.last_error ? h("div", { class: "error" }, node.last_error) : null,
    node.children.length ? h("ul", {}, node.children.map(branch)) : null,
  );
}
