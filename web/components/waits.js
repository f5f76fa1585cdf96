import { h } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { obstacles, reasonNames } from "../model/waits.js";
import { since } from "./time.js";

/** Why a run does not go on: each reason as a sentence with its evidence, and where one can do something about it. */
export function waitsSection(waits, { run, access }) {
  const { shown, hidden } = obstacles(waits);
  if (!shown.length) return null;
  return h(
    "section",
    { class: "waits", "data-key": "waits", "aria-labelledby": "waits-title" },
    h("h2", { id: "waits-title" }, "Why it waits"),
    h("ul", { class: "plain" }, shown.map((wait) => h("li", { class: "reason", "data-key": `${wait.step ?? ""}/${wait.reason}`, "data-reason": wait.reason }, sentence(wait, { run, access })))),
    hidden ? h("p", { class: "quiet" }, `And ${count(hidden)} more steps.`) : null,
  );
}

/** One reason, with its evidence. */
export function sentence(wait, { run, access }) {
  return [
    h("p", {}, h("span", { class: "why" }, reasonNames[wait.reason] ?? wait.reason), wait.step ? h("span", { class: "id" }, `${wait.step} `) : null, h("span", { class: "wait" }, wait.message), " ", remedy(wait, access)),
    wait.limit?.holders.length ? holders(wait.limit, run) : null,
  ];
}

// Only pages that the reader may open.
function remedy(wait, access) {
  const queues = access.can("queues:read");
  switch (wait.reason) {
    case "queue_paused":
    case "queue_limit":
    case "turn": return queues ? h("a", { href: "#/queues" }, "Queues") : null;
    case "quota": return access.can("overview:read") ? h("a", { href: "#/usage" }, "Usage") : null;
    case "breaker": return queues ? h("a", { href: "#/breakers" }, "Breakers") : null;
    case "no_worker": return access.can("workers:read") ? h("a", { href: "#/workers" }, "Workers") : null;
    default: return null;
  }
}

function holders(limit, run) {
  return h(
    "details",
    { open: limit.holders.length <= 3 },
    h("summary", {}, `Held by ${count(limit.holders.length)}${limit.holders.length < limit.slots ? "" : ` of ${count(limit.slots)}`}`),
    h("ul", { class: "plain" }, limit.holders.map((holder) =>
      h("li", { "data-key": `${holder.run}/${holder.step ?? ""}` }, h("a", { class: "id", href: `#/runs/${holder.run}` }, holder.run), h("span", { class: "quiet" }, held(holder, run)), " ", since(holder.since)))),
  );
}

// The evidence has the step's place; its name is known here only of this very run.
function held(holder, run) {
  if (holder.step === undefined) return "";
  const step = holder.run === run.id ? run.steps.find(({ index }) => index === holder.step) : undefined;
  return step ? ` step ${step.id}` : ` step ${holder.step}`;
}
