import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { every, reader } from "../lib/reads.js";
import { breakerRule } from "../model/settings.js";
import { badge } from "../components/badge.js";
import { ask, confirm } from "../components/dialog.js";
import { fillIn } from "../components/form-dialog.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Breakers";

const kinds = { task_type: "task type", target: "target" };

export async function mount(root, { access, signal, toast }) {
  const mayOperate = access.can("queues:operate");
  const mayWrite = access.can("queues:write");
  const at = (name) => `/v1/breakers/${encodeURIComponent(name)}`;
  const change = async (work, done) => {
    try {
      await work();
      toast(done);
    } catch (error) {
      toast(error.message, "error");
    }
    await read();
  };
  const trip = async (breaker) => {
    const time = await ask({
      title: `Open the breaker of ${breaker.name}?`, text: "Nothing more is tried until the time is over, or somebody resets it. What runs goes on.", action: "Open it", danger: true,
      line: { "aria-label": "For how long", placeholder: "10m; empty: until a reset", autocomplete: "off" },
    });
    if (time !== null) await change(() => api.post(`${at(breaker.id)}/trip`, time ? { for: time } : {}, signal), `The breaker of ${breaker.name} is open.`);
  };
  const reset = (breaker) => change(() => api.post(`${at(breaker.id)}/reset`, undefined, signal), `The breaker of ${breaker.name} is closed.`);
  const setUp = async () => {
    const send = (text) => {
      const { name, ...rule } = JSON.parse(text);
      return api.put(at(name), rule, signal);
    };
    if (await fillIn({ title: "New breaker", text: "Of a task type, for all workflows of the tenant. One that is there gets this rule.", action: "Set it up", schema: breakerRule(), send })) toast("The breaker is set up.");
    await read();
  };
  const edit = async (breaker) => {
    const send = (text) => api.put(at(breaker.name), text, signal);
    if (await fillIn({ title: `Rule of ${breaker.name}`, text: "For all workflows of the tenant.", action: "Change", schema: breakerRule(breaker), send })) toast(`The breaker of ${breaker.name} has its new rule.`);
    await read();
  };
  const remove = async (breaker) => {
    const yes = await confirm({ title: `Delete the breaker of ${breaker.name}?`, text: "Its steps go on, whatever fails.", action: "Delete the breaker", danger: true });
    if (yes) await change(() => api.delete(at(breaker.id), signal), `The breaker of ${breaker.name} is deleted.`);
  };
  const show = ({ breakers }) => {
    // What is not closed is why people come here.
    const ranked = [...breakers.filter(({ state }) => state !== "closed"), ...breakers.filter(({ state }) => state === "closed")];
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Breakers"),
        h("div", { class: "tools" }, mayWrite ? h("button", { type: "button", class: "button", "data-key": "new", onclick: setUp }, "New breaker…") : null),
      ),
      h("p", { class: "quiet" }, "A breaker leaves alone what keeps failing: open, nothing is tried; half-open, a few probes decide."),
      ranked.length
        ? table({ label: "Breakers", columns: ["Of", "State", "Since", { name: "Failed", number: true }, "Rule", { name: "Opened", number: true }, { name: "Actions", hidden: true }], rows: ranked.map(row) })
        : h(
            "section",
            { class: "empty", "data-key": "empty" },
            h("p", {}, "No breakers yet. One of a task type is set up here, or in a terminal; one of a target stands in a step, and is here when it has counted a failure."),
          ),
    );
  };
  const read = reader(() => api.get("/v1/breakers", signal), show);
  const row = (breaker) => {
    const button = (key, name, act) => h("button", { type: "button", class: "button small", "data-key": `${key}-${breaker.id}`, "aria-label": `${name} ${breaker.name}`, onclick: act }, name);
    return h(
      "tr",
      { "data-key": breaker.id },
      h("td", {}, breaker.name, h("div", { class: "quiet" }, kinds[breaker.kind])),
      h("td", {}, badge(breaker.state), coming(breaker)),
      h("td", {}, since(breaker.since)),
      h("td", { class: "number" }, count(breaker.failed), breaker.ratio === undefined ? null : h("div", { class: "quiet" }, `of ${count(breaker.failed + breaker.succeeded)}`)),
      h("td", { class: "rule" }, rule(breaker)),
      h("td", { class: "number" }, `${count(breaker.trips)}×`),
      h(
        "td",
        {},
        h(
          "div",
          { class: "row-actions" },
          // One key for both, so that the keyboard stays where it was.
          mayOperate ? (breaker.state === "closed" ? button("turn", "Trip", () => trip(breaker)) : button("turn", "Reset", () => reset(breaker))) : null,
          mayWrite && breaker.kind === "task_type" ? [button("edit", "Edit", () => edit(breaker)), button("delete", "Delete", () => remove(breaker))] : null,
        ),
      ),
    );
  };
  await read();
  // Breakers have no events of their own.
  every(3000, read, signal);
}

function rule({ failures, ratio, window, open, probes }) {
  const share = ratio === undefined ? "" : ` and ${Math.round(ratio * 100)} %`;
  return [`${count(failures)} failures${share} in ${window}`, h("div", { class: "quiet" }, `open for ${open}, then ${count(probes)} ${probes === 1 ? "probe" : "probes"}`)];
}

function coming({ state, until, passed, probes }) {
  if (state === "open") return h("div", { class: "quiet" }, until ? `probes from ${new Date(until).toLocaleTimeString([], { hour12: false })}` : "until a reset");
  if (state === "half_open") return h("div", { class: "quiet" }, `${count(passed ?? 0)} of ${count(probes)} probes passed`);
  return null;
}
