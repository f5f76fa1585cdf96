import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { live } from "../lib/live.js";
import { reader } from "../lib/reads.js";
import { attemptsTable } from "../components/attempts.js";
import { badge } from "../components/badge.js";
import { InputForm } from "../components/input-form.js";
import { json } from "../components/json.js";
import { LogView } from "../components/logs.js";
import { since } from "../components/time.js";

export const title = ({ id }) => `Dead letter ${id.slice(-8)}`;

export async function mount(root, { access, events, parameters, signal, toast }) {
  const path = `/v1/dead-letters/${encodeURIComponent(parameters.id)}`;
  let letter = null;
  let log = null;
  let form = null;
  const read = reader(() => api.get(path, signal), (answer) => {
    const isFirst = letter === null;
    letter = answer;
    if (isFirst) begin();
    show();
  });
  const redrive = async (input) => {
    try {
      const run = await api.post(`${path}/redrive`, input === null ? {} : `{"input":${input}}`);
      toast("Redriven: the run goes on.");
      location.hash = `#/runs/${run.id}`;
    } catch (error) {
      toast(error.message, "error");
      await read();
    }
  };
  const begin = () => {
    const may = (permission) => access.can(permission, "workflow", letter.workflow);
    if (letter.attempt > 0 && may("logs:read")) log = new LogView(letter.run, letter.step, () => false, letter.attempt);
    if (may("runs:start")) form = new InputForm(letter.input, { verb: "Redrive", note: "The failed steps of the run begin anew, with what comes after them.", send: redrive });
  };

  const show = () =>
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, letter.step), badge(letter.state), h("a", { class: "quiet", href: "#/dead-letters" }, "All dead letters")),
      h(
        "p",
        { class: "facts" },
        h("span", {}, h("a", { href: `#/workflows/${encodeURIComponent(letter.workflow)}` }, letter.workflow), ` v${letter.version}`),
        h("span", {}, "run ", h("a", { class: "id", href: `#/runs/${letter.run}?step=${encodeURIComponent(letter.step)}` }, letter.run)),
        h("span", {}, "failed ", since(letter.failed_at)),
        letter.worker ? h("span", {}, `on ${letter.worker}`) : null,
        letter.replays ? h("span", {}, `redriven ${letter.replays} times before`) : null,
        letter.redriven_at ? h("span", {}, `redriven by ${letter.redriven_by} `, since(letter.redriven_at)) : null,
      ),
      h("section", { class: "problem", role: "group", "aria-label": "Error" }, h("h2", {}, letter.error.code ? `${letter.error.kind}: ${letter.error.code}` : letter.error.kind), h("p", {}, letter.error.message)),
      h("h2", {}, "Attempts"),
      letter.attempts?.length ? attemptsTable(letter.attempts, "Attempts") : h("p", { class: "quiet" }, "The run's history has no attempt of this step any more, or none was made."),
      h("h2", {}, "Input"),
      form && letter.state === "open" ? form.element : json(letter.input),
      log ? h("h2", {}, `Output of attempt ${letter.attempt}`) : null,
      log?.element,
    );
  // A letter's id begins with its run's.
  const stop = await live(events, read, { interval: 1000, relevant: (change) => parameters.id.startsWith(change.run) });
  return () => {
    stop();
    log?.stop();
  };
}
