import { h } from "../lib/dom.js";
import { api } from "../lib/api.js";

const pages = [
  ["/", "Overview"],
  ["/runs", "Runs"],
  ["/workflows", "Workflows"],
  ["/workers", "Workers"],
  ["/system", "System"],
];

/** The bar on top: pages, whether the page is live, theme, who is signed in. */
export function bar(root, { session, events, router }) {
  const links = new Map(pages.map(([path, name]) => [path, h("a", { href: `#${path}` }, name)]));
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
    h("nav", { "aria-label": "Pages" }, [...links.values()]),
    h("div", { class: "tools" }, live, theme, h("span", { class: "who", title: session.roles.join(", ") }, `${session.subject} · ${session.tenant}`), signOut),
  );
  router.listen((path) => {
    for (const [target, link] of links) {
      const here = target === "/" ? path === "/" : path === target || path.startsWith(`${target}/`);
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  });
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
