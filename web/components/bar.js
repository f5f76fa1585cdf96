import { h } from "../lib/dom.js";
import { api } from "../lib/api.js";

// Each page with what one must be allowed to read there; `some`: on one thing of the tenant is enough.
const sections = [
  { name: "Overview", pages: [["/", "Overview", "overview:read"], ["/usage", "Usage", "overview:read"], ["/users", "Users", "roles:read"], ["/audit", "Audit", "audit:read"]] },
  { name: "Runs", pages: [["/runs", "Runs", "runs:read", "some"], ["/approvals", "Approvals", "runs:read", "some"], ["/dead-letters", "Dead letters", "runs:read"], ["/jobs", "Jobs", "runs:read"]] },
  { name: "Workflows", pages: [["/workflows", "Workflows", "workflows:read"], ["/bundles", "Bundles", "workflows:read"]] },
  { name: "Queues", pages: [["/queues", "Queues", "queues:read"], ["/breakers", "Breakers", "queues:read"]] },
  { name: "Workers", pages: [["/workers", "Workers", "workers:read"]] },
  { name: "System", pages: [["/system", "System", "system:read"]] },
];

/** The sections with the pages that one may read, in order. */
function readable(access) {
  return sections
    .map(({ name, pages }) => ({ name, pages: pages.filter(([, , permission, some]) => (some ? access.canSomewhere(permission) : access.can(permission))) }))
    .filter(({ pages }) => pages.length > 0);
}

/** Where to begin: the overview, or what else one may read. */
export function firstPage(access) {
  return readable(access)[0]?.pages[0][0] ?? "/";
}

/** The bar on top: pages, whether the page is live, theme, who is signed in; below it the pages of the section. */
export function bar(root, { session, access, events, router }) {
  const shown = readable(access);
  const links = shown.map(({ name, pages }) => h("a", { href: `#${pages[0][0]}` }, name));
  const within = h("nav", { class: "within", "aria-label": "Section" });
  const live = h("button", { class: "live", type: "button" });
  live.addEventListener("click", () => (events.paused ? events.resume() : events.pause()));
  events.listenState((state) => {
    live.dataset.state = state;
    live.textContent = { live: "Live", connecting: "Connecting", paused: "Paused", closed: "Offline" }[state];
    live.title = state === "paused" ? "Go on with live updates" : "Pause live updates";
    live.setAttribute("aria-label", `${live.textContent}. ${live.title}`);
  });
  const theme = h("button", { class: "icon", type: "button", title: "Dark or light", "aria-label": "Dark or light", onclick: switchTheme }, "◐");
  const signOut = h("button", { class: "button small", type: "button", onclick: leave }, "Sign out");
  root.replaceChildren(
    h("a", { class: "brand", href: "#/" }, "Beamline"),
    h("nav", { "aria-label": "Pages" }, links),
    h("div", { class: "tools" }, live, theme, h("span", { class: "who", title: session.roles.join(", ") }, `${session.subject} · ${session.tenant}`), signOut),
    within,
  );
  router.listen((path) => {
    let open = [];
    shown.forEach(({ pages }, index) => {
      const here = pages.find(([target]) => isWithin(path, target));
      current(links[index], here ? "true" : null);
      if (here) open = pages.map(([target, name]) => current(h("a", { href: `#${target}` }, name), target === here[0] ? "page" : null));
      if (here && pages.length === 1) current(links[index], "page");
    });
    within.replaceChildren(...(open.length > 1 ? open : []));
    within.hidden = open.length < 2;
  });
}

function isWithin(path, target) {
  return target === "/" ? path === "/" : path === target || path.startsWith(`${target}/`);
}

function current(link, value) {
  if (value) link.setAttribute("aria-current", value);
  else link.removeAttribute("aria-current");
  return link;
}

function switchTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
}

async function leave() {
  await api.delete("/v1/session");
  location.hash = "";
  location.reload();
}
