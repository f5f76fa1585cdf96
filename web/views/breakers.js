import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { every, reader } from "../lib/reads.js";
import { badge } from "../components/badge.js";
import { ask } from "../components/dialog.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Breakers";

const kinds = { task_type: "task type", target: "target" };

export async function mount(root, { access, signal, toast }) {
  const mayOperate = access.can("queues:operate");
  const change = async (breaker, verb, body, done) => {
    try {
      await api.post(`/v1/breakers/${encodeURIComponent(breaker.id)}/${verb}`, body, signal);
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
    if (time !== null) await change(breaker, "trip", time ? { for: time } : {}, `The breaker of ${breaker.name} is open.`);
  };
  const show = ({ breakers }) => {
    // What is not closed is why people come here.
    const ranked = [...breakers.filter(({ state }) => state !== "closed"), ...breakers.filter(({ state }) => state === "closed")];
    patch(
      root,
      h("h1", {}, "Breakers"),
      h("p", { class: "quiet" }, "A breaker leaves alone what keeps failing: open, nothing is tried; half-open, a few probes decide."),
      ranked.length
        ? table({ label: "Breakers", columns: ["Of", "State", "Since", { name: "Failed", number: true }, "Rule", { name: "Opened", number: true }, { name: "Actions", hidden: true }], rows: ranked.map(row) })
        : h(
            "section",
            { class: "empty" },
            h("p", {}, "No breakers yet. One of a task type is set up in a terminal; one of a target stands in a step, and is here when it has counted a failure."),
            h("pre", { class: "json" }, "./beamline breaker set http --failures 20 --window 1m --open 30s --probes 2"),
          ),
    );
  };
  const read = reader(() => api.get("/v1/breakers", signal), show);
  const row = (breaker) => {
    // One key for both, so that the keyboard stays where it was.
    const button = (name, act) => h("button", { type: "button", class: "button small", "data-key": `turn-${breaker.id}`, "aria-label": `${name} ${breaker.name}`, onclick: act }, name);
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
        mayOperate
          ? h(
              "div",
              { class: "row-actions" },
              breaker.state === "closed" ? button("Trip", () => trip(breaker)) : button("Reset", () => change(breaker, "reset", undefined, `The breaker of ${breaker.name} is closed.`)),
            )
          : null,
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
