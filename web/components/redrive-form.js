import { h } from "../lib/dom.js";

/**
 * The input of a failed step, to be sent again as it was or edited. `redrive` gets the request's body: an empty object,
 * or JSON text with the edited input, so that long numbers stay as they were typed.
 */
export class RedriveForm {
  #original;
  #redrive;
  #field;
  #fault = h("p", { class: "error", role: "alert", id: "input-fault" });
  #send = h("button", { class: "button primary" }, "Redrive");
  #reset = h("button", { type: "button", class: "button", hidden: true, onclick: () => this.#put(this.#original) }, "Undo the edits");
  element;

  constructor(input, redrive) {
    this.#original = JSON.stringify(input ?? {}, null, 2);
    this.#redrive = redrive;
    this.#field = h("textarea", {
      class: "json", rows: Math.min(24, Math.max(5, this.#original.split("\n").length + 1)), spellcheck: "false", "aria-label": "Input, a JSON object", "aria-describedby": "input-note input-fault", oninput: () => this.#check(),
    });
    this.element = h(
      "form",
      { "data-keep": true, "data-key": "redrive-form", class: "redrive", onsubmit: (event) => (event.preventDefault(), this.#submit()) },
      this.#field,
      this.#fault,
      h("p", { class: "quiet", id: "input-note" }, ["The failed steps of the run begin anew, with what comes after them.", ...notes(this.#original)].join(" ")),
      h("div", { class: "actions start" }, this.#send, this.#reset),
    );
    this.#put(this.#original);
  }

  #put(text) {
    this.#field.value = text;
    this.#check();
  }

  #check() {
    const isEdited = this.#field.value !== this.#original;
    const fault = isEdited ? faultOf(this.#field.value) : null;
    this.#fault.textContent = fault ?? "";
    this.#field.setAttribute("aria-invalid", fault ? "true" : "false");
    this.#send.textContent = isEdited ? "Redrive with this input" : "Redrive";
    this.#send.disabled = fault !== null;
    this.#reset.hidden = !isEdited;
  }

  async #submit() {
    if (this.#send.disabled) return;
    this.#send.disabled = true;
    const text = this.#field.value;
    await this.#redrive(text === this.#original ? {} : `{"input":${text}}`);
    this.#check();
  }
}

function faultOf(text) {
  try {
    const value = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) return "The input must be a JSON object: { … }.";
    return null;
  } catch (error) {
    return `This is no JSON: ${error.message}`;
  }
}

function notes(text) {
  const said = [];
  if (text.includes("{{secret ")) said.push("An edited input is taken as it is written: no secret is put in where it says {{secret …}}.");
  if (/"-?\d{16,}"/.test(text)) said.push("Integers beyond 2⁵³ are shown in quotes; write them without if the step wants a number.");
  return said;
}
