import { api, ApiError } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { actions, allowedActions, runs } from "../model/job.js";
import { notice } from "../components/problem.js";

export const title = () => "New job";

/** What to do to which runs; the matches are counted first, and only what was counted is done. */
export async function mount(root, { access, query, signal, toast }) {
  const allowed = allowedActions(access);
  if (allowed.length === 0) {
    patch(root, h("h1", {}, "New job"), h("p", { class: "quiet" }, "A job acts on runs of the whole tenant: it needs the permission runs:cancel there. Ask an administrator."));
    return;
  }
  let match = null;
  let refused = null;
  let busy = false;
  const chosen = allowed.includes(query.action) ? query.action : allowed[0];
  const field = (name) => root.querySelector(`[name="${name}"]`).value.trim();
  const order = () => {
    const action = field("action");
    const body = { action, filter: field("filter") };
    if (field("rate")) body.rate = Number(field("rate"));
    if (action === "redrive" && field("max_replays")) body.max_replays = Number(field("max_replays"));
    if (field("reason")) body.reason = field("reason");
    return body;
  };
  const attempt = async (work) => {
    if (busy) return;
    busy = true;
    refused = null;
    show();
    try {
      await work();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof ApiError && error.code === "matches_changed") match = null;
      refused = error;
    }
    busy = false;
    show();
  };
  const look = () =>
    attempt(async () => {
      const counted = order();
      const found = await api.post("/v1/bulk", { ...counted, dry_run: true }, signal);
      // What was written meanwhile is another order.
      if (JSON.stringify(order()) === JSON.stringify(counted)) match = { order: counted, ...found };
    });
  const begin = () =>
    attempt(async () => {
      const job = await api.post("/v1/bulk", { ...match.order, expected: match.matches }, signal);
      toast("The job has begun.");
      location.hash = `#/jobs/${job.id}`;
    });
  /** Another order than the one that was counted must be counted again. */
  const changed = () => {
    [match, refused] = [null, null];
    show();
  };
  const action = () => root.querySelector('[name="action"]')?.value ?? chosen;

  const show = () => {
    const what = actions[action()];
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, "New job"), h("a", { class: "quiet", href: "#/jobs" }, "All jobs")),
      h(
        "form",
        { class: "fields", "data-key": "order", oninput: changed, onsubmit: (event) => (event.preventDefault(), look()) },
        labelled("What to do", h("select", { name: "action" }, allowed.map((name) => h("option", { value: name, selected: name === chosen }, actions[name].doing)))),
        labelled(`Which ${what.over}`, h("input", { name: "filter", type: "search", required: true, maxlength: 4096, spellcheck: "false", autocomplete: "off", value: query.filter || "", placeholder: what.over === "runs" ? "workflow:etl/* state:failed since:1d" : "workflow:etl/* error:exit_1 since:1d" })),
        labelled("Runs a second at most", h("input", { name: "rate", type: "number", min: 1, max: 10000, placeholder: "no limit" })),
        h("div", { class: "label", hidden: action() !== "redrive" }, labelled("Leave out runs redriven so often", h("input", { name: "max_replays", type: "number", min: 1, max: 1000, placeholder: "10" }))),
        labelled("Reason, for the audit log", h("input", { name: "reason", maxlength: 1000, autocomplete: "off" })),
        h("div", { class: "actions start" }, h("button", { class: match ? "button" : "button primary", "data-key": "count", disabled: busy }, "Count the matches")),
      ),
      notice(refused),
      match ? found(match) : h("p", { class: "quiet", "data-key": "note" }, "Nothing is done until you have seen how many runs match. What comes to match later is not in the job."),
    );
  };
  const found = (match) => {
    const what = actions[match.order.action];
    return h(
      "section",
      { class: "match", role: "status", "data-key": "match" },
      h("h2", {}, match.matches === 0 ? "No run matches." : `${runs(match.matches)} ${match.matches === 1 ? "matches" : "match"}.`),
      match.children ? h("p", {}, `${count(match.children)} more are runs of child workflows and are left out: redrive their parents.`) : null,
      match.exhausted ? h("p", {}, `${count(match.exhausted)} more were redriven too often and are left out.`) : null,
      match.longest_chain ? h("p", {}, `The most redriven of them was redriven ${count(match.longest_chain)} times before.`) : null,
      match.sample.length ? h("p", {}, "Such as ", match.sample.map((run) => [h("a", { class: "id", href: `#/runs/${run}` }, run), " "])) : null,
      match.matches
        ? h("div", { class: "actions start" }, h("button", { type: "button", class: what.danger ? "button danger" : "button primary", "data-key": "begin", disabled: busy, onclick: begin }, `${what.name}: ${runs(match.matches)}`))
        : null,
    );
  };
  show();
  if (query.action && query.filter) look();
}

function labelled(name, control) {
  return h("label", { class: "label" }, h("span", {}, name), control);
}
