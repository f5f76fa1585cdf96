import { api, ApiError } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { every, reader } from "../lib/reads.js";
import { badge } from "../components/badge.js";
import { ask as askFor, confirm } from "../components/dialog.js";
import { table } from "../components/table.js";

export const title = () => "Queues";

const orders = { fifo: "oldest run first", lifo: "newest run first", priority: "by priority", deadline: "by deadline" };

export async function mount(root, { access, signal, toast }) {
  let queues = [];
  let limits = [];
  const ask = () => Promise.all([api.get("/v1/queues", signal), access.can("queues:read") ? api.get("/v1/limits", signal) : { limits: [] }]);
  const read = reader(ask, (answer) => {
    [{ queues }, { limits }] = answer;
    show();
  });
  /** Changes the version that is shown, and no other: somebody may have been here before. */
  const change = async (work, done) => {
    try {
      await work();
      toast(done);
    } catch (error) {
      toast(error instanceof ApiError && error.status === 412 ? "Somebody else has changed it meanwhile: look again." : error.message, "error");
    }
    await read();
  };
  const at = (queue) => `/v1/queues/${encodeURIComponent(queue.name)}`;
  const operate = (queue, verb, done) => change(() => api.post(`${at(queue)}/${verb}`, undefined, signal, { "if-match": `"${queue.version}"` }), done);
  const drain = async (queue) => {
    const yes = await confirm({ title: `Drain ${queue.name}?`, text: "New runs are refused until it is resumed. What is there is served.", action: "Drain the queue" });
    if (yes) await operate(queue, "drain", `${queue.name} takes no new runs.`);
  };
  const resize = async (limit) => {
    const slots = await askFor({
      title: `Slots of ${limit.name}`, text: `So many ${limit.of} may hold it at once. More let in at once who waits; fewer take none away.`, action: "Change",
      line: { type: "number", min: 0, max: 1_000_000, value: limit.slots, "aria-label": "Slots" },
    });
    if (slots === null || slots === "") return;
    const path = `/v1/limits/${limit.of}/${encodeURIComponent(limit.name)}`;
    await change(() => api.put(path, { slots: Number(slots) }, signal, { "if-match": `"${limit.version}"` }), `${limit.name} has ${slots} slots.`);
  };

  const row = (queue) => {
    const may = access.can("queues:operate", "queue", queue.name);
    // A button and what takes its place have one key, so that the keyboard stays where it was.
    const button = (place, name, act) => h("button", { type: "button", class: "button small", "data-key": `${place}-${queue.name}`, "aria-label": `${name} ${queue.name}`, onclick: act }, name);
    const resume = (place) => button(place, "Resume", () => operate(queue, "resume", `${queue.name} serves again.`));
    return h(
      "tr",
      { "data-key": queue.name },
      h("td", {}, queue.name),
      h("td", {}, queue.paused ? badge("paused") : null, queue.draining ? [" ", badge("draining")] : null, queue.paused || queue.draining ? null : badge("serving")),
      h("td", {}, queue.discipline, h("div", { class: "quiet" }, orders[queue.discipline], queue.discipline === "priority" ? `, one higher each ${queue.boost}` : "", queue.strict ? ", strictly" : "")),
      h("td", { class: "number" }, count(queue.weight)),
      h("td", { class: "number" }, count(queue.ready)),
      h("td", { class: "number" }, count(queue.running), queue.concurrency === undefined ? null : h("div", { class: "quiet" }, `of ${count(queue.concurrency)}`)),
      h("td", { class: "number" }, count(queue.held)),
      h(
        "td",
        {},
        may
          ? h(
              "div",
              { class: "row-actions" },
              queue.paused ? resume("pause") : button("pause", "Pause", () => operate(queue, "pause", `${queue.name} hands nothing out.`)),
              !queue.draining ? button("drain", "Drain", () => drain(queue)) : queue.paused ? null : resume("drain"),
            )
          : null,
      ),
    );
  };
  const show = () =>
    patch(
      root,
      h("h1", {}, "Queues"),
      h("p", { class: "quiet" }, "Ready steps wait for a worker, held ones for a limit, breaker or quota. A paused queue hands nothing out; a draining one takes no new runs."),
      queues.length
        ? table({ label: "Queues", columns: ["Name", "State", "Order", { name: "Weight", number: true }, { name: "Ready", number: true }, { name: "Running", number: true }, { name: "Held", number: true }, { name: "Actions", hidden: true }], rows: queues.map(row) })
        : h("section", { class: "empty", "data-key": "no-queues" }, h("p", {}, "No queue yet: one exists when a workflow names it, or you set it up."), h("pre", { class: "json" }, "./beamline queue create night --discipline priority")),
      h("h2", {}, "Limits"),
      limits.length
        ? table({
            label: "Limits",
            columns: ["Key", "Counts", { name: "Slots", number: true }, "Declared by", { name: "Actions", hidden: true }],
            rows: limits.map((limit) =>
              h(
                "tr",
                { "data-key": `${limit.of}/${limit.name}` },
                h("td", {}, limit.name),
                h("td", {}, limit.of),
                h("td", { class: "number" }, count(limit.slots)),
                h("td", {}, limit.bundle ? h("a", { href: `#/bundles/${encodeURIComponent(limit.bundle)}` }, limit.bundle) : "by hand"),
                h("td", {}, access.can("queues:write") ? h("div", { class: "row-actions" }, h("button", { type: "button", class: "button small", "data-key": `resize-${limit.of}/${limit.name}`, "aria-label": `Change the slots of ${limit.name}`, onclick: () => resize(limit) }, "Change")) : null),
              )),
          })
        : h("p", { class: "quiet", "data-key": "no-limits" }, "No limit is declared: the definitions say how many slots their keys have."),
    );
  await read();
  // Queues have no events of their own.
  every(5000, read, signal);
}
