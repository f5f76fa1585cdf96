import { api, query as search } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { save } from "../lib/download.js";
import { count } from "../lib/format.js";
import { live } from "../lib/live.js";
import { readFiltered } from "../lib/pages.js";
import { every, reader } from "../lib/reads.js";
import { allOf, allowedActions, runsFilter } from "../model/job.js";
import { badge } from "../components/badge.js";
import { chips } from "../components/chips.js";
import { filterForm } from "../components/filter.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Dead letters";

const keys = "state, workflow, version, run, step, error, kind, worker, failed, since, until, attempt, replays; a word is searched for";

export async function mount(root, { access, events, signal, query, setQuery, toast }) {
  let wanted = 50;
  let letters = [];
  let next;
  let refused = null;
  const selected = new Set();
  const mayRedrive = allowedActions(access).includes("redrive");
  const chosen = new Set((query.state || "").split(",").filter(Boolean));
  const filter = allOf(chosen.size ? `state:${[...chosen].join(",")}` : "", query.filter);

  const page = async (cursor, size = 50) => {
    const answer = await api.get(`/v1/dead-letters${search({ filter, page_size: size, cursor })}`, signal);
    return { items: answer.dead_letters, next: answer.next_cursor };
  };
  const read = reader(() => readFiltered(page, wanted), (answer) => {
    ({ items: letters, next, refused } = answer);
    for (const id of selected) if (!letters.some((letter) => letter.id === id && letter.state === "open")) selected.delete(id);
    show();
  });
  const toggle = (state) => {
    if (!chosen.delete(state)) chosen.add(state);
    setQuery({ ...query, state: [...chosen].join(",") });
  };
  const select = (ids, on) => {
    for (const id of ids) {
      if (on) selected.add(id);
      else selected.delete(id);
    }
    show();
  };
  const redriveSelected = () => {
    const runs = runsFilter(letters.filter((letter) => selected.has(letter.id)));
    if (runs === null) toast("These are too many runs to name one by one: narrow the filter, and redrive all that it matches.", "error");
    else location.hash = `#/jobs/new${search({ action: "redrive", filter: runs })}`;
  };
  const exportAll = async () => {
    toast("Reading the letters…");
    try {
      const texts = [];
      let cursor;
      do {
        const answer = await page(cursor, 500);
        texts.push(...answer.items.map((letter) => `${JSON.stringify(letter)}\n`));
        cursor = answer.next;
      } while (cursor);
      save("dead-letters.jsonl", texts);
      toast(`Exported ${count(texts.length)}.`);
    } catch (error) {
      if (error.name !== "AbortError") toast(error.message, "error");
    }
  };

  const show = () => {
    const open = letters.filter((letter) => letter.state === "open").map((letter) => letter.id);
    patch(
      root,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Dead letters"),
        h("span", { class: "quiet" }, "Steps that have failed for good"),
        h(
          "div",
          { class: "tools" },
          h("button", { type: "button", class: "button", "data-key": "export", onclick: exportAll, disabled: letters.length === 0, title: "All that match, as JSON lines" }, "Export"),
          mayRedrive
            ? h("a", { class: "button", "data-key": "redrive-all", href: `#/jobs/new${search({ action: "redrive", filter: allOf(filter) || "state:open" })}` }, "Redrive all that match…")
            : null,
        ),
      ),
      h("div", { class: "filters" }, chips("States", ["open", "redriven"], chosen, toggle)),
      filterForm({ value: query.filter, placeholder: "workflow:etl/* error:exit_1 since:1d", keys, error: refused, apply: (terms) => setQuery({ ...query, filter: terms }) }),
      mayRedrive && open.length
        ? h(
            "div",
            { class: "selection", "data-key": "selection" },
            h("label", {}, h("input", { type: "checkbox", checked: selected.size === open.length, onchange: (event) => select(open, event.target.checked) }), " All open ones on this page"),
            h("span", { class: "quiet", role: "status" }, selected.size ? `${count(selected.size)} selected` : ""),
            h("button", { type: "button", class: "button primary", "data-key": "redrive", disabled: selected.size === 0, onclick: redriveSelected }, "Redrive the selected…"),
          )
        : null,
      letters.length
        ? table({
            label: "Dead letters",
            columns: [...(mayRedrive ? [{ name: "Select", hidden: true }] : []), "State", "Step", "Workflow", "Error", "Failed", { name: "Attempt", number: true }],
            rows: letters.map((letter) => row(letter)),
          })
        : refused
          ? null
          : h("section", { class: "empty", "data-key": "empty" }, h("p", {}, filter ? "No dead letter matches." : "No dead letters: no step has failed for good.")),
      next ? h("button", { type: "button", class: "button", "data-key": "more", onclick: () => ((wanted += 50), read()) }, "Older ones") : null,
    );
  };
  const row = (letter) =>
    h(
      "tr",
      { "data-key": letter.id },
      mayRedrive
        ? h(
            "td",
            {},
            letter.state === "open"
              ? h("input", { type: "checkbox", "aria-label": `Select ${letter.step} of ${letter.workflow}, ${letter.id}`, checked: selected.has(letter.id), onchange: (event) => select([letter.id], event.target.checked) })
              : null,
          )
        : null,
      h("td", {}, badge(letter.state)),
      h("td", {}, h("a", { href: `#/dead-letters/${letter.id}` }, letter.step)),
      h("td", {}, h("a", { href: `#/workflows/${encodeURIComponent(letter.workflow)}` }, letter.workflow), h("span", { class: "quiet" }, ` v${letter.version}`)),
      h("td", { class: "message" }, h("span", { class: "error" }, letter.error.message), letter.error.code ? h("span", { class: "quiet id" }, ` ${letter.error.code}`) : null),
      h("td", {}, since(letter.failed_at)),
      h("td", { class: "number" }, String(letter.attempt)),
    );

  const stop = await live(events, read, { interval: 1500, relevant: failed });
  // What others redrive changes no letter's run to failed.
  every(15_000, read, signal);
  return stop;
}

function failed(change) {
  return change.state === "failed" || change.steps.some((step) => step.state === "failed");
}
