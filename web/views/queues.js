import { api, ApiError } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { every, reader } from "../lib/reads.js";
import { limitSlots, queueSettings } from "../model/settings.js";
import { badge } from "../components/badge.js";
import { confirm } from "../components/dialog.js";
import { fillIn } from "../components/form-dialog.js";
import { table } from "../components/table.js";

export const title = () => "Queues";

const orders = { fifo: "oldest run first", lifo: "newest run first", priority: "by priority", deadline: "by deadline" };

export async function mount(root, { access, signal, toast }) {
  const mayDeclare = access.can("queues:write");
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
  const operate = (queue, verb, done) => change(() => api.post(`${at(queue)}/${verb}`, undefined, signal, seen(queue)), done);
  const drain = async (queue) => {
    const yes = await confirm({ title: `Drain ${queue.name}?`, text: "New runs are refused until it is resumed. What is there is served.", action: "Drain the queue" });
    if (yes) await operate(queue, "drain", `${queue.name} takes no new runs.`);
  };
  /** Fills a form in, and shows what came of it; what somebody else has done meanwhile is seen then too. */
  const set = async (form, done) => {
    if (await fillIn(form)) toast(done);
    await read();
  };
  const seen = ({ version }) => ({ "if-match": `"${version}"` });
  const create = () =>
    set(
      {
        title: "New queue", text: "A queue exists by being named too, first in, first out: set one up when you want more than that.", action: "Set it up", schema: queueSettings(),
        send: (text) => {
          const { name, ...settings } = JSON.parse(text);
          return api.put(at({ name }), settings, signal, { "if-none-match": "*" });
        },
      },
      "The queue is set up.",
    );
  const edit = (queue) =>
    set({ title: `Settings of ${queue.name}`, text: "What waits in it is ordered anew.", action: "Change", schema: queueSettings(queue), send: (text) => api.put(at(queue), text, signal, seen(queue)) }, `${queue.name} has its new settings.`);
  const remove = async (queue) => {
    const yes = await confirm({ title: `Delete ${queue.name}?`, text: "Its settings are forgotten. It must have nothing waiting in it.", action: "Delete the queue", danger: true });
    if (yes) await change(() => api.delete(at(queue), signal, seen(queue)), `The settings of ${queue.name} are forgotten.`);
  };
  const atLimit = ({ of, name }) => `/v1/limits/${of}/${encodeURIComponent(name)}`;
  const declare = () =>
    set(
      {
        title: "New limit", text: "It counts whatever slots the definitions name for this key.", action: "Declare it", schema: limitSlots(),
        send: (text) => {
          const { of, name, slots } = JSON.parse(text);
          return api.put(atLimit({ of, name }), { slots }, signal, { "if-none-match": "*" });
        },
      },
      "The limit is declared.",
    );
  const resize = (limit) =>
    set({ title: `Slots of ${limit.name}`, text: owner(limit), action: "Change", schema: limitSlots(limit), send: (text) => api.put(atLimit(limit), text, signal, seen(limit)) }, `${limit.name} has its new slots.`);
  const forget = async (limit) => {
    const yes = await confirm({ title: `Delete the limit ${limit.name}?`, text: `The definitions say again how many slots the key has. ${owner(limit)}`, action: "Delete the limit", danger: true });
    if (yes) await change(() => api.delete(atLimit(limit), signal, seen(limit)), `The limit ${limit.name} is declared no longer.`);
  };

  const row = (queue) => {
    const may = access.can("queues:operate", "queue", queue.name);
    const mayWrite = access.can("queues:write", "queue", queue.name);
    // A button and what takes its place have one key, so that the keyboard stays where it was.
    const button = (place, name, act) => h("button", { type: "button", class: "button small", "data-key": `${place}-${queue.name}`, "aria-label": `${name} ${queue.name}`, onclick: act }, name);
    const resume = (place) => button(place, "Resume", () => operate(queue, "resume", `${queue.name} serves again.`));
    return h(
      "tr",
      { "data-key": queue.name },
      h("td", {}, queue.name),
      h("td", {}, queue.paused ? badge("paused") : null, queue.draining ? [" ", badge("draining")] : null, queue.paused || queue.draining ? null : badge("serving")),
      h("td", { class: "rule" }, queue.discipline, h("div", { class: "quiet" }, orders[queue.discipline], queue.discipline === "priority" ? `, one higher each ${queue.boost}` : "", queue.strict ? ", strictly" : "")),
      h("td", { class: "number" }, count(queue.weight)),
      h("td", { class: "number" }, count(queue.ready)),
      h("td", { class: "number" }, count(queue.running), queue.concurrency === undefined ? null : h("div", { class: "quiet" }, `of ${count(queue.concurrency)}`)),
      h("td", { class: "number" }, count(queue.held)),
      h(
        "td",
        {},
        h(
          "div",
          { class: "row-actions" },
          may ? (queue.paused ? resume("pause") : button("pause", "Pause", () => operate(queue, "pause", `${queue.name} hands nothing out.`))) : null,
          may ? (!queue.draining ? button("drain", "Drain", () => drain(queue)) : queue.paused ? null : resume("drain")) : null,
          mayWrite ? button("edit", "Edit", () => edit(queue)) : null,
          mayWrite ? button("delete", "Delete", () => remove(queue)) : null,
        ),
      ),
    );
  };
  const show = () =>
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Queues"),
        h("div", { class: "tools" }, access.canSomewhere("queues:write", "queue") ? h("button", { type: "button", class: "button", "data-key": "new-queue", onclick: create }, "New queue…") : null),
      ),
      h("p", { class: "quiet" }, "Ready steps wait for a worker, held ones for a limit, breaker or quota. A paused queue hands nothing out; a draining one takes no new runs."),
      queues.length
        ? table({ label: "Queues", columns: ["Name", "State", "Order", { name: "Weight", number: true }, { name: "Ready", number: true }, { name: "Running", number: true }, { name: "Held", number: true }, { name: "Actions", hidden: true }], rows: queues.map(row) })
        : h("section", { class: "empty", "data-key": "no-queues" }, h("p", {}, "No queue yet: one exists when a workflow names it, or somebody sets it up.")),
      h("div", { class: "head" }, h("h2", {}, "Limits"), mayDeclare ? h("button", { type: "button", class: "button", "data-key": "new-limit", onclick: declare }, "New limit…") : null),
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
                h(
                  "td",
                  {},
                  mayDeclare
                    ? h(
                        "div",
                        { class: "row-actions" },
                        h("button", { type: "button", class: "button small", "data-key": `resize-${limit.of}/${limit.name}`, "aria-label": `Change the slots of ${limit.name}`, onclick: () => resize(limit) }, "Change"),
                        h("button", { type: "button", class: "button small", "data-key": `forget-${limit.of}/${limit.name}`, "aria-label": `Delete the limit ${limit.name}`, onclick: () => forget(limit) }, "Delete"),
                      )
                    : null,
                ),
              )),
          })
        : h("p", { class: "quiet", "data-key": "no-limits" }, "No limit is declared: the definitions say how many slots their keys have."),
    );
  await read();
  // Queues have no events of their own.
  every(5000, read, signal);
}

function owner({ bundle }) {
  return bundle ? `The bundle ${bundle} declares it, and sets it back when it is applied the next time.` : "";
}
