import { h } from "../lib/dom.js";

/** Asks before something is done; answers whether it was confirmed. */
export async function confirm(question) {
  return (await ask(question)) !== null;
}

/**
 * The same with room for a word, if `comment` is its label, or a line, if `line` has the attributes of its input;
 * answers what was written, `null` when it was not confirmed.
 */
export function ask({ title, text, action, danger = false, comment, line }) {
  return new Promise((resolve) => {
    const field = comment ? h("textarea", { rows: 3, maxlength: 4000, "aria-label": comment, placeholder: comment }) : line ? h("input", line) : null;
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title" },
      h("h2", { id: "dialog-title" }, title),
      h("p", {}, text),
      field,
      h(
        "form",
        { method: "dialog", class: "actions" },
        h("button", { value: "no", class: "button" }, "Back"),
        h("button", { value: "yes", class: danger ? "button danger" : "button primary", autofocus: true }, action),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? (field?.value.trim() ?? "") : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
