import { h } from "../lib/dom.js";
import { fieldsOf, placed, textOf } from "../model/schema-form.js";
import { json } from "./json.js";

let made = 0;

/**
 * A form of a JSON Schema. `label` is its name for screen readers, if what is around it has none; `key` tells it from its neighbours on the page.
 */
export class SchemaForm {
  #fields;
  #id = `form-${++made}`;
  // By pointer: what reads a field, where its fault stands, and what takes the focus.
  #read = new Map();
  #places = new Map();
  #rest = h("p", { class: "error", role: "alert", hidden: true });
  element;
  /** What happens when somebody presses Enter in it. */
  onsubmit = () => {};

  constructor(schema, { label, key }) {
    this.#fields = fieldsOf(schema);
    this.element = h(
      "form",
      { class: "fields", novalidate: true, "data-keep": true, "data-key": key, "aria-label": label, onsubmit: (event) => (event.preventDefault(), this.onsubmit()) },
      this.#fields.map((field) => this.#field(field)),
      this.#rest,
      // The only way to submit by Enter where there are several fields.
      h("button", { hidden: true }, "Send"),
    );
  }

  /** The JSON text of what is filled in; `null` when something is wrong, which is shown then. */
  take() {
    const { text, faults } = textOf(this.#fields, (field) => this.#read.get(field.pointer)());
    this.#show(faults, "");
    return faults.size ? null : text;
  }

  /** The same, or `null`, without a word of what is wrong. */
  peek() {
    const { text, faults } = textOf(this.#fields, (field) => this.#read.get(field.pointer)());
    return faults.size ? null : text;
  }

  /** Shows what the server says is wrong, beside the fields that it names. */
  refuse(detail) {
    const { faults, rest } = placed(detail, this.#fields);
    this.#show(faults, rest);
  }

  #show(faults, rest) {
    let first = null;
    for (const [pointer, { fault, control }] of this.#places) {
      const said = faults.get(pointer) ?? "";
      mark(fault, control, said);
      if (said && first === null) first = control;
    }
    this.#rest.textContent = rest;
    this.#rest.hidden = rest === "";
    first?.focus();
  }

  #field(field) {
    const id = `${this.#id}-${this.#places.size}`;
    const fault = h("p", { class: "error", id: `${id}-fault`, hidden: true });
    const hint = h("p", { class: "quiet hint", id: `${id}-hint`, hidden: field.hint === "" }, field.hint);
    const described = { "aria-describedby": `${id}-hint ${id}-fault` };
    // What has an answer from the beginning, and cannot be left without one, need not be said to be required.
    const mustFill = field.required && field.kind !== "check" && !(field.kind === "choice" && field.initial !== "");
    const name = h("span", {}, field.label, mustFill ? h("span", { class: "quiet", "aria-hidden": "true" }, " (required)") : null);
    if (field.kind === "group" || field.kind === "boxes") {
      const boxes = field.kind === "boxes" ? field.options.map((option, at) => h("input", { type: "checkbox", value: at, checked: field.initial.includes(String(at)) })) : [];
      const set = h("fieldset", { class: "group", tabindex: -1, ...described }, h("legend", {}, name), hint, fault);
      this.#places.set(field.pointer, { fault, control: set });
      if (field.kind === "group") set.append(...field.fields.map((member) => this.#field(member)));
      else {
        hint.before(...boxes.map((box, at) => h("label", { class: "box" }, box, ` ${field.options[at].text}`)));
        this.#read.set(field.pointer, () => boxes.filter((box) => box.checked).map((box) => box.value));
      }
      set.addEventListener("input", (event) => this.#clear(event, field.pointer, set));
      return set;
    }
    const control = controlOf(field, { id, "aria-required": mustFill ? "true" : null, ...described });
    control.addEventListener("input", (event) => this.#clear(event, field.pointer, control));
    this.#places.set(field.pointer, { fault, control });
    // What a field of numbers cannot read is no number, not nothing.
    this.#read.set(field.pointer, field.kind === "check" ? () => control.checked : () => (control.validity.badInput ? "?" : control.value));
    const label = field.kind === "check" ? h("label", { class: "box" }, control, " ", name) : h("label", { class: "label" }, name, control);
    return h("div", { class: "field" }, label, hint, fault, field.schema === undefined ? null : h("details", {}, h("summary", {}, "Schema"), json(field.schema)));
  }

  #clear(event, pointer, control) {
    if (event.target === control || control.contains(event.target)) mark(this.#places.get(pointer).fault, control, "");
  }
}

function mark(fault, control, said) {
  fault.textContent = said;
  fault.hidden = said === "";
  if (said) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

function controlOf(field, attributes) {
  switch (field.kind) {
    case "check": return h("input", { type: "checkbox", checked: field.initial, ...attributes });
    case "number": return h("input", { type: "number", step: field.integer ? 1 : "any", min: field.least, max: field.most, value: field.initial, ...attributes });
    case "choice":
      return h(
        "select",
        attributes,
        field.initial === "" ? h("option", { value: "" }, "–") : null,
        field.options.map((option, at) => h("option", { value: at, selected: field.initial === String(at) }, option.text)),
      );
    case "lines":
    case "json": return area(field, { spellcheck: "false", class: field.kind === "json" ? "json" : null, rows: Math.min(16, Math.max(3, field.initial.split("\n").length + 1)), ...attributes });
    default:
      if (field.long) return area(field, { rows: 4, ...attributes });
      return h("input", { type: field.date ? "date" : "text", autocomplete: "off", value: field.initial, ...attributes });
  }
}

function area(field, attributes) {
  const control = h("textarea", attributes);
  control.value = field.initial;
  return control;
}
