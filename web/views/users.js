import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { every, reader } from "../lib/reads.js";
import { badge } from "../components/badge.js";
import { confirm } from "../components/dialog.js";
import { elsewhere } from "../components/elsewhere.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Users";

export async function mount(root, { access, signal, toast }) {
  let users = [];
  let more = false;
  // The user whose grants and sessions are shown below the row, and these.
  let opened = null;
  let shown = null;
  const mayManage = access.can("roles:manage");
  const at = (subject) => `/v1/users/${encodeURIComponent(subject)}`;
  const ask = () => Promise.all([api.get("/v1/users", signal), opened === null ? null : api.get(at(opened), signal)]);
  const read = reader(ask, (answer) => {
    [{ users, more }, shown] = answer;
    show();
  });
  const open = async (subject) => {
    const before = opened;
    opened = opened === subject ? null : subject;
    show();
    try {
      await read();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (opened === subject) opened = before;
      toast(error.message, "error");
      show();
    }
  };
  const change = async (work, done) => {
    try {
      toast(done(await work()));
    } catch (error) {
      toast(error.message, "error");
    }
    await read().catch((error) => {
      // Whoever ends their own sessions is out.
      if (error.status === 401) location.reload();
      else if (error.name !== "AbortError") toast(error.message, "error");
    });
  };
  const suspend = async (subject) => {
    const yes = await confirm({ title: `Suspend ${subject}?`, text: "Whatever token, session or certificate is shown is refused; sessions and streams end within a second.", action: "Suspend the user", danger: true });
    if (yes) await change(() => api.post(`${at(subject)}/suspend`), () => `${subject} is suspended.`);
  };
  const resume = (subject) => change(() => api.post(`${at(subject)}/resume`), () => `${subject} may sign in again.`);
  const endSessions = (subject) => change(() => api.delete(`${at(subject)}/sessions`), ({ ended }) => `Sessions ended: ${count(ended)}.`);

  const rows = (user) => {
    const { subject } = user;
    const isOpen = opened === subject && shown?.user.subject === subject;
    const button = (key, name, act, expanded) =>
      h("button", { type: "button", class: "button small", "data-key": `${key}-${subject}`, "aria-label": `${name} ${subject}`, "aria-expanded": expanded, onclick: () => act(subject) }, name);
    const row = h(
      "tr",
      { "data-key": subject },
      h("td", {}, subject, subject === access.subject ? h("span", { class: "quiet" }, " (you)") : null),
      h("td", {}, user.suspended_at ? [badge("suspended"), h("div", { class: "quiet" }, `by ${user.suspended_by ?? "somebody"} `, since(user.suspended_at))] : badge("active")),
      h("td", {}, user.roles.join(", ") || "–"),
      h("td", {}, since(user.signed_in_at)),
      h("td", { class: "number" }, count(user.sessions)),
      h(
        "td",
        {},
        h(
          "div",
          { class: "row-actions" },
          button("open", "Details", open, isOpen ? "true" : "false"),
          mayManage && user.sessions > 0 ? button("end", "End sessions", endSessions) : null,
          mayManage && subject !== access.subject ? (user.suspended_at ? button("turn", "Resume", resume) : button("turn", "Suspend", suspend)) : null,
        ),
      ),
    );
    return isOpen ? [row, h("tr", { "data-key": `more-${subject}` }, h("td", { colspan: 6 }, details(shown)))] : [row];
  };
  const show = () =>
    patch(
      root,
      h("div", { class: "head" }, h("h1", {}, "Users"), h("span", { class: "quiet" }, "Who has signed in, has a grant, or is suspended")),
      users.length
        ? table({ label: "Users", columns: ["Subject", "State", "Roles", "Signed in", { name: "Sessions", number: true }, { name: "Actions", hidden: true }], rows: users.flatMap(rows) })
        : h("section", { class: "empty", "data-key": "empty" }, h("p", {}, "Nobody has signed in yet, and nobody has a grant.")),
      more ? h("p", { class: "quiet", "data-key": "more" }, "There are more: ", h("span", { class: "id" }, "beamline user show SUBJECT"), " finds each.") : null,
    );
  try {
    await read();
  } catch (error) {
    patch(root, elsewhere(error, "Users"));
    return;
  }
  // Users have no events of their own.
  every(10_000, read, signal);
}

function details({ grants, sessions }) {
  return h(
    "dl",
    { class: "more" },
    h("dt", {}, "Grants"),
    h("dd", {}, grants.length ? grants.map((grant) => h("div", { "data-key": `${grant.role}/${grant.kind}/${grant.name}` }, `${grant.role} on the ${grant.kind} ${grant.name}`)) : "none"),
    h("dt", {}, "Sessions"),
    h("dd", {}, sessions.length ? sessions.map((session) => h("div", { "data-key": session.id }, `as ${session.roles.join(", ")}, since `, since(session.created_at), `, until ${new Date(session.expires_at).toLocaleString()}`)) : "none open"),
  );
}
