import { api } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ask } from "./dialog.js";
import { json } from "./json.js";
import { SchemaForm } from "./schema-form.js";
import { since } from "./time.js";

// By the approval's key: what somebody has begun to fill in outlives the page, which is made anew when they choose a step.
const forms = new Map();

/**
 * What runs ask people, each with its form and its two answers for who may give them. `read` is called after an answer;
 * with `names`, each says of which run it is.
 */
export class Approvals {
  #access;
  #toast;
  #read;
  #names;

  constructor({ access, toast, read, names = false }) {
    this.#access = access;
    this.#toast = toast;
    this.#read = read;
    this.#names = names;
  }

  /** The section of these approvals; `null` when there are none. */
  section(list) {
    if (!list.length) return null;
    return h("section", { class: "approvals", "data-key": "approvals" }, list.map((approval) => this.#article(approval)));
  }

  #article(approval) {
    // Each person decides once.
    const may = this.#access.can("approvals:decide", "workflow", approval.workflow) && !approval.decisions.some(({ approver }) => approver === this.#access.subject);
    return h(
      "article",
      { class: "approval", "data-key": keyOf(approval) },
      h("h2", {}, approval.message || `Step ${approval.step} asks for approval`),
      this.#names ? h("p", {}, h("a", { href: `#/runs/${approval.run}` }, approval.workflow), h("span", { class: "quiet id" }, ` ${approval.run}`)) : null,
      h("p", { class: "quiet" }, `Step ${approval.step}, asked `, since(approval.since), `. ${whom(approval)}`),
      coming(approval),
      approval.decisions.map((decision) =>
        h(
          "div",
          { "data-key": decision.approver },
          h("p", {}, `${decision.approver}: ${decision.delegate ? `asks ${decision.delegate} to decide` : decision.decision}${decision.comment ? ` – ${decision.comment}` : ""}`),
          decision.form === undefined || decision.form === null ? null : h("details", {}, h("summary", {}, `What ${decision.approver} has filled in`), json(decision.form)),
        )),
      approval.form === undefined ? null : may ? this.#form(approval).element : h("details", {}, h("summary", {}, "What has to be filled in"), json(approval.form)),
      may
        ? h(
            "div",
            { class: "actions" },
            ["reject", "approve"].map((decision) =>
              h("button", { type: "button", class: decision === "approve" ? "button primary" : "button danger", "data-key": decision, "aria-label": this.#names ? `${decision === "approve" ? "Approve" : "Reject"} ${approval.step} of ${approval.workflow}, ${approval.run}` : null, onclick: () => this.#answer(approval, decision) }, decision === "approve" ? "Approve" : "Reject")),
          )
        : null,
    );
  }

  #form(approval) {
    const key = keyOf(approval);
    if (!forms.has(key)) forms.set(key, new SchemaForm(approval.form, { label: `Form of ${approval.step}`, key: "form" }));
    const form = forms.get(key);
    form.onsubmit = () => this.#answer(approval, "approve");
    return form;
  }

  async #answer(approval, decision) {
    const form = approval.form === undefined ? null : this.#form(approval);
    // A refusal needs no answer, but takes one that is complete.
    const filled = decision === "approve" ? form?.take() : form?.peek();
    if (form && filled === null && decision === "approve") return;
    const comment = await ask({
      title: decision === "approve" ? "Approve?" : "Reject?", text: approval.message || `Step ${approval.step}`,
      action: decision === "approve" ? "Approve the step" : "Reject the step", danger: decision === "reject", comment: "Comment (may be empty)",
    });
    if (comment === null) return;
    try {
      await api.post(`/v1/runs/${approval.run}/approvals/${encodeURIComponent(approval.step)}`, body(decision, comment, filled));
      forms.delete(keyOf(approval));
      this.#toast(decision === "approve" ? "Approved." : "Rejected.");
    } catch (error) {
      if (form && error.code === "invalid_input") {
        form.refuse(error.message);
        return;
      }
      this.#toast(error.message, "error");
    }
    await this.#read();
  }
}

function keyOf({ run, step }) {
  return `approval-${run}-${step}`;
}

// As text: long numbers of the form stay as they were typed.
function body(decision, comment, filled) {
  const members = JSON.stringify(comment ? { decision, comment } : { decision });
  return filled ? `${members.slice(0, -1)},"form":${filled}}` : members;
}

/** What the time will bring, and has brought. */
function coming(approval) {
  const said = [];
  if (approval.escalated) said.push("Escalated.");
  if (approval.reminders) said.push(`Reminded ${approval.reminders} times.`);
  const what = { reminder: "Reminds", escalation: "Asks more people", timeout: `Ends (${approval.on_timeout})` }[approval.next];
  if (!said.length && !what) return null;
  return h("p", { class: "quiet", "data-key": "coming" }, said.join(" "), what ? ` ${what} at ${new Date(approval.next_at).toLocaleString()}.` : "");
}

function whom(approval) {
  const roles = approval.roles.length ? `of the role ${approval.roles.join(" or ")}` : "of any role";
  return approval.quorum > 1 ? `${approval.quorum} people ${roles} must approve.` : `Somebody ${roles} may decide.`;
}
