import { h } from "../lib/dom.js";

let made = 0;

/**
 * An input, to be sent again as it was or edited. `send` gets `null`, or the JSON text of the edited input, so that long
 * numbers stay as they were typed. `verb` is the button's word, `note` says what will happen, `label` whose input it is.
 */
export class InputForm {
  #original;
  #verb;
  #sendInput;
  #field;
  #id = `input-${++made}`;
  #fault = h("p", { class: "error", role: "alert", id: `${this.#id}-fault` });
  #send = h("button", { class: "button primary" });
  #reset = h("button", { type: "button", class: "button", hidden: true, onclick: () => this.#put(this.#original) }, "Undo the edits");
  element;

  constructor(input, { verb, note, send, label = "Input" }) {
    this.#original = JSON.stringify(input ?? {}, null, 2);
    this.#verb = verb;
    this.#sendInput = send;
    this.#field = h("textarea", {
      class: "json", rows: Math.min(24, Math.max(5, this.#original.split("\n").length + 1)), spellcheck: "false", "aria-label": `${label}, a JSON object`, "aria-describedby": `${this.#id}-note ${this.#id}-fault`, oninput: () => this.#check(),
    });
    this.element = h(
      "form",
      { "data-keep": true, "data-key": this.#id, class: "input-form", onsubmit: (event) => (event.preventDefault(), this.#submit()) },
      this.#field,
      this.#fault,
      h("p", { class: "quiet", id: `${this.#id}-note` }, [note, ...notes(this.#original)].join(" ")),
      h("div", { class: "actions start" }, this.#send, this.#reset),
    );
    this.#put(this.#original);
  }

  focus() {
    this.#field.focus();
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
    this.#send.textContent = isEdited ? `${this.#verb} with this input` : this.#verb;
    this.#send.disabled = fault !== null;
    this.#reset.hidden = !isEdited;
  }

  async #submit() {
    if (this.#send.disabled) return;
    this.#send.disabled = true;
    const text = this.#field.value;
    await this.#sendInput(text === this.#original ? null : text);
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
