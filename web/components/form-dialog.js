import { h } from "../lib/dom.js";
import { SchemaForm } from "./schema-form.js";

/**
 * Asks for what a JSON Schema describes, and sends it: `send` gets the JSON text. It stays open while the server refuses,
 * and says why. Answers whether it was sent.
 */
export function fillIn({ title, text, action, schema, send }) {
  return new Promise((resolve) => {
    let sent = false;
    const form = new SchemaForm(schema, { key: "fields" });
    const yes = h("button", { type: "button", class: "button primary", onclick: () => form.onsubmit() }, action);
    const dialog = h(
      "dialog",
      { class: "dialog form-dialog", "aria-labelledby": "dialog-title" },
      h("h2", { id: "dialog-title" }, title),
      text ? h("p", { class: "quiet" }, text) : null,
      form.element,
      h("form", { method: "dialog", class: "actions" }, h("button", { class: "button" }, "Back"), yes),
    );
    form.onsubmit = async () => {
      const filled = yes.disabled ? null : form.take();
      if (filled === null) return;
      yes.disabled = true;
      try {
        await send(filled);
        sent = true;
        dialog.close();
      } catch (error) {
        form.refuse(error.message);
      }
      yes.disabled = false;
    };
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(sent);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
