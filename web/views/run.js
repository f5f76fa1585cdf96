import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { duration, isEnded } from "../lib/format.js";
import { live } from "../lib/live.js";
import { every, reader } from "../lib/reads.js";
import { isPlain, restartable } from "../model/rerun.js";
import { applyChange, tally } from "../model/run.js";
import { badge } from "../components/badge.js";
import { Approvals } from "../components/approvals.js";
import { attemptsTable } from "../components/attempts.js";
import { confirm } from "../components/dialog.js";
import { graph } from "../components/graph.js";
import { InputForm } from "../components/input-form.js";
import { json } from "../components/json.js";
import { LogView } from "../components/logs.js";
import { since } from "../components/time.js";
import { sentence, waitsSection } from "../components/waits.js";
import { waterfall } from "../components/waterfall.js";

export const title = ({ id }) => `Run ${id.slice(-6)}`;

export async function mount(root, { access, parameters, query, events, signal, setQuery, toast }) {
  let run = null;
  let asked = [];
  let waits = [];
  const may = (permission) => access.can(permission, "workflow", run.workflow);
  // One list for the page's life: the layout is made from it once.
  let plan;
  let selected;
  let log = null;
  const begin = (fresh) => {
    run = fresh;
    plan = run.steps.map(({ id, needs }) => ({ id, needs }));
    selected = run.steps.some((step) => step.id === query.step) ? query.step : undefined;
    log = new LogView(run.id, selected, () => !isEnded(run.state));
  };
  const select = (id) => setQuery({ ...query, step: id === selected ? "" : id });

  /** Does something to the run, says how it went, and shows what it led to. */
  const act = async (path, body, done) => {
    try {
      toast(done(await api.post(`/v1/runs/${run.id}/${path}`, body)));
    } catch (error) {
      toast(error.message, "error");
    }
    await read();
  };
  const cancel = async () => {
    const yes = await confirm({ title: "Cancel this run?", text: "Its running attempts are stopped and no further step starts.", action: "Cancel the run", danger: true });
    if (!yes) return;
    await act("cancel", { reason: "cancelled in the dashboard" }, ({ state }) =>
      state === "cancelled" || state === "cancelling" ? "Cancelled." : `The run had already ended: ${state}.`);
  };
  const pause = () => act("pause", {}, () => "Paused: no further step starts; those that run go on.");
  const resume = () => act("resume", {}, () => "Resumed.");
  /** All of it, what has not succeeded, or from the chosen step on: a new run, which is shown then. */
  const rerun = async (body) => {
    try {
      const fresh = await api.post(`/v1/runs/${run.id}/rerun`, body);
      toast("Started the new run.");
      location.hash = `#/runs/${fresh.id}`;
    } catch (error) {
      toast(error.message, "error");
    }
  };
  let form = null;
  const edit = () => {
    stepForm = null;
    form = new InputForm(run.input, { verb: "Rerun", note: "All of it as a new run, with the same version of the workflow.", send: (input) => rerun(input === null ? {} : `{"input":${input}}`) });
    show();
    form.focus();
  };
  /** The definition of the run's version: where a rerun may begin. Without it, only the server knows. */
  let definition = null;
  const readDefinition = async () => {
    if (definition !== null || !isEnded(run.state) || !may("runs:start") || !may("workflows:read")) return;
    definition = {};
    try {
      ({ definition } = await api.get(`/v1/workflows/${encodeURIComponent(run.workflow)}${search({ version: run.version })}`, signal));
      show();
    } catch (error) {
      if (error.name !== "AbortError") toast(`The definition cannot be read: ${error.message}`, "error");
    }
  };
  let stepForm = null;
  /** The input that the step had, as far as somebody knows it: a dead letter has it, or the definition says it plainly. */
  const editStep = async ({ step }) => {
    let input = isPlain(step.with) ? step.with : undefined;
    try {
      const filter = `run:${run.id} step:${step.id}`;
      const letters = access.can("runs:read") ? (await api.get(`/v1/dead-letters${search({ filter, page_size: 1 })}`, signal)).dead_letters : [];
      input = letters[0]?.input ?? input;
    } catch (error) {
      if (error.name === "AbortError") return;
      toast(error.message, "error");
    }
    form = null;
    stepForm = new InputForm(input, {
      verb: `Rerun from ${step.id}`, label: `Input of ${step.id}`,
      note: `A new run: ${step.id} is done again, with what comes after it and what has not succeeded; the outputs of the other steps are taken over. Unedited, the definition makes the input again; what you write is taken as it is, without expressions.`,
      send: (text) => rerun(text === null ? { step: step.id } : `{"step":${JSON.stringify(step.id)},"step_input":${text}}`),
    });
    show();
    stepForm.focus();
  };
  /** What a rerun from the chosen step may begin with: its button, and the form once it is asked for. */
  const stepInput = (step) => {
    const found = isEnded(run.state) && may("runs:start") && definition !== null ? restartable(definition, step.id) : undefined;
    if (!found?.takesInput) return null;
    if (stepForm === null) return h("p", { "data-key": "step-input" }, h("button", { type: "button", class: "button small", "data-key": "edit-step", onclick: () => editStep(found) }, "Edit its input and rerun…"));
    return h(
      "section",
      { "data-key": "step-input" },
      h("h3", {}, `Input of ${step.id}`),
      stepForm.element,
      isPlain(found.step.with) ? null : h("details", {}, h("summary", {}, "What the definition makes it of"), json(found.step.with)),
    );
  };
  /** Whether it is known that a rerun cannot begin there. */
  const isNoBeginning = (id) => id.includes(":") || (definition?.steps !== undefined && restartable(definition, id) === undefined);
  const rerunButton = (key, text, body) =>
    h("button", { type: "button", class: "button", onclick: () => rerun(body), "data-key": key }, text);
  const approvals = new Approvals({ access, toast, read: () => read() });

  const input = (mayRerun) => {
    if (form && mayRerun) return [h("h2", {}, "Input"), form.element];
    const button = mayRerun ? h("button", { type: "button", class: "button small", "data-key": "edit", onclick: edit }, "Edit and rerun…") : null;
    return [h("div", { class: "head" }, h("h2", {}, "Input"), button), json(run.input)];
  };
  /** Where the failed steps can be seen with their inputs, and redriven. */
  const letters = () =>
    run.state === "failed" && access.can("runs:read") ? h("p", {}, h("a", { href: `#/dead-letters?filter=${encodeURIComponent(`run:${run.id}`)}` }, "Its dead letters: see the input, redrive")) : null;

  const show = () => {
    const now = Date.now();
    const step = run.steps.find(({ id }) => id === selected);
    const counts = tally(run.steps);
    const mayRerun = isEnded(run.state) && may("runs:start");
    const took = (run.ended_at ? Date.parse(run.ended_at) : now) - Date.parse(run.created_at);
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, h("a", { href: `#/workflows/${encodeURIComponent(run.workflow)}` }, run.workflow), h("span", { class: "quiet" }, ` v${run.version}`)),
        h("span", { class: "run-state", "data-state": run.state }, badge(run.state)),
        run.state === "running" && may("runs:cancel") ? h("button", { type: "button", class: "button", onclick: pause, "data-key": "pause" }, "Pause") : null,
        run.state === "paused" && may("runs:cancel") ? h("button", { type: "button", class: "button primary", onclick: resume, "data-key": "resume" }, "Resume") : null,
        mayRerun ? rerunButton("rerun", "Rerun", {}) : null,
        mayRerun && run.state !== "succeeded" ? rerunButton("rerun-failed", "Rerun what failed", { from: "failed" }) : null,
        mayRerun && selected && !isNoBeginning(selected) ? rerunButton("rerun-step", `Rerun from ${selected}`, { step: selected }) : null,
        isEnded(run.state) || !may("runs:cancel") ? null : h("button", { type: "button", class: "button danger", onclick: cancel, "data-key": "cancel" }, "Cancel"),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", { class: "id" }, run.id),
        run.rerun_of ? h("span", {}, "rerun of ", h("a", { href: `#/runs/${run.rerun_of}`, class: "id" }, run.rerun_of)) : null,
        h("span", {}, "started ", since(run.created_at)),
        h("span", {}, `${isEnded(run.state) ? "took" : "running for"} ${duration(took)}`),
        h("span", {}, `${counts.succeeded || 0} of ${run.steps.length} steps succeeded`),
      ),
      run.error ? h("section", { class: "problem", role: "alert" }, h("h2", {}, run.error.step ? `Step ${run.error.step}: ${run.error.kind}` : run.error.kind), h("p", {}, run.error.message), letters()) : null,
      approvals.section(isEnded(run.state) ? [] : asked),
      h("div", { class: "scroll" }, graph(plan, run.steps, { selected, select })),
      isEnded(run.state) ? null : waitsSection(waits, { run, access }),
      h("h2", {}, "Time"),
      waterfall(run, now, { selected, select }),
      step ? stepSection(step, waits.filter((wait) => wait.step === step.id || wait.step === undefined), { run, access }, stepInput(step)) : null,
      h("h2", {}, step ? `Output of ${step.id}` : "Output of all steps"),
      log.element,
      h("div", { class: "columns" }, h("section", { "data-key": "input" }, input(mayRerun)), h("section", {}, h("h2", {}, "Result"), json(run.output))),
    );
  };

  /** The run; why it does not go on and who is asked only while somebody could want to know. */
  const ask = async () => {
    const fresh = await api.get(`/v1/runs/${parameters.id}`, signal);
    if (isEnded(fresh.state)) return { fresh, waits: [], asked: [] };
    const asks = fresh.steps.some((step) => step.state === "waiting");
    const [{ waits }, { approvals: asked }] = await Promise.all([
      api.get(`/v1/runs/${fresh.id}/explain`, signal),
      asks ? api.get(`/v1/approvals?run=${fresh.id}`, signal) : { approvals: [] },
    ]);
    return { fresh, waits, asked };
  };
  const read = reader(ask, (answer) => {
    if (run === null) begin(answer.fresh);
    else if (answer.fresh.revision >= run.revision) run = answer.fresh;
    ({ waits, asked } = answer);
    show();
    readDefinition();
  });
  const ignore = events.listen((change) => {
    if (change === null || run === null || change.run !== run.id) return;
    run = applyChange(run, change);
    show();
  });
  signal.addEventListener("abort", () => {
    ignore();
    log?.stop();
  });
  const stop = await live(events, read, { interval: 250, relevant: (change) => change.run === parameters.id });
  every(500, () => isEnded(run.state) || show(), signal);
  // Who is before it in a queue, or holds a limit, changes without an event of this run.
  every(5000, () => isEnded(run.state) || read(), signal);
  return stop;
}

function stepSection(step, waits, context, input) {
  return h(
    "section",
    { class: "step", "data-key": `step-${step.id}` },
    h("div", { class: "head" }, h("h2", {}, step.id), badge(step.state), h("span", { class: "quiet" }, step.uses)),
    step.error ? h("p", { class: "error" }, `${step.error.kind}: ${step.error.message}`) : null,
    waits.length ? h("div", { class: "waits", "data-key": "step-waits" }, waits.map((wait) => h("div", { class: "reason", "data-key": wait.reason }, sentence({ ...wait, step: undefined }, context)))) : null,
    step.attempts.length
      ? attemptsTable(step.attempts, `Attempts of ${step.id}`)
      : h("p", { class: "quiet" }, "Not tried yet."),
    input,
    step.output === undefined ? null : h("details", { open: true }, h("summary", {}, "Step output"), json(step.output)),
  );
}
