import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { live } from "../lib/live.js";
import { readPages } from "../lib/pages.js";
import { every, reader } from "../lib/reads.js";
import { Approvals } from "../components/approvals.js";

export const title = () => "Approvals";

export async function mount(root, { access, events, signal, toast }) {
  let wanted = 50;
  const page = async (cursor) => {
    const answer = await api.get(`/v1/approvals${search({ page_size: 50, cursor })}`, signal);
    return { items: answer.approvals, next: answer.next_cursor };
  };
  const approvals = new Approvals({ access, toast, read: () => read(), names: true });
  const show = ({ items: asked, next }) =>
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, "Approvals"), h("span", { class: "quiet" }, "What runs wait for people to decide, the longest first")),
      approvals.section(asked) ?? h("section", { class: "empty", "data-key": "empty" }, h("p", {}, "No run waits for a decision.")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 50), read()) }, "More") : null,
    );
  const read = reader(() => readPages(page, wanted), show);
  const stop = await live(events, read, { interval: 1000, relevant: concerns });
  // Reminders, escalations and delegations are no change of a step.
  every(15_000, read, signal);
  return stop;
}

// A step begins to wait, or a run ends, or one of several people has decided.
const telling = new Set(["waiting", "decided", "succeeded", "failed", "cancelled"]);

function concerns(change) {
  return change.steps.some((step) => telling.has(step.state)) || (change.state !== undefined && change.state !== "running");
}
