import { h } from "../lib/dom.js";
import { ask } from "./dialog.js";
import { json } from "./json.js";
import { since } from "./time.js";

/**
 * What runs ask people, each with its two answers for who may give them; `decide` gets the approval and the decision.
 * With `names`, each says of which run it is.
 */
export function approvals(list, { access, decide, names = false }) {
  if (!list.length) return null;
  return h(
    "section",
    { class: "approvals", "data-key": "approvals" },
    list.map((approval) =>
      h(
        "article",
        { class: "approval", "data-key": `approval-${approval.run}-${approval.step}` },
        h("h2", {}, approval.message || `Step ${approval.step} asks for approval`),
        names ? h("p", {}, h("a", { href: `#/runs/${approval.run}` }, approval.workflow), h("span", { class: "quiet id" }, ` ${approval.run}`)) : null,
        h("p", { class: "quiet" }, `Step ${approval.step}, asked `, since(approval.since), `. ${whom(approval)}`),
        coming(approval),
        approval.decisions.map((decision) =>
          h("p", { "data-key": decision.approver }, `${decision.approver}: ${decision.delegate ? `asks ${decision.delegate} to decide` : decision.decision}${decision.comment ? ` – ${decision.comment}` : ""}`)),
        approval.form ? h("details", {}, h("summary", {}, "The form's schema: answer by the API or the command line"), json(approval.form)) : null,
        access.can("approvals:decide", "workflow", approval.workflow)
          ? h(
              "div",
              { class: "actions" },
              ["reject", "approve"].map((decision) =>
                h("button", { type: "button", class: decision === "approve" ? "button primary" : "button danger", "data-key": decision, "aria-label": names ? `${decision === "approve" ? "Approve" : "Reject"} ${approval.step} of ${approval.workflow}, ${approval.run}` : null, onclick: () => answer(approval, decision, decide) }, decision === "approve" ? "Approve" : "Reject")),
            )
          : null,
      )),
  );
}

async function answer(approval, decision, decide) {
  const comment = await ask({
    title: decision === "approve" ? "Approve?" : "Reject?", text: approval.message || `Step ${approval.step}`,
    action: decision === "approve" ? "Approve the step" : "Reject the step", danger: decision === "reject", comment: "Comment (may be empty)",
  });
  if (comment !== null) await decide(approval, comment ? { decision, comment } : { decision });
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
