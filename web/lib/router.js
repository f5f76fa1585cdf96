import { h } from "./dom.js";
import { ApiError } from "./api.js";

/** Matches `#/path?query` against patterns; the hash holds all view state, so a link is a view. */
export function match(pattern, path) {
  const names = pattern.split("/");
  const parts = path.split("/");
  if (names.length !== parts.length) return null;
  const parameters = {};
  for (let index = 0; index < names.length; index++) {
    if (names[index].startsWith(":")) parameters[names[index].slice(1)] = decodeURIComponent(parts[index]);
    else if (names[index] !== parts[index]) return null;
  }
  return parameters;
}

export function parse(hash) {
  const text = hash.startsWith("#") ? hash.slice(1) : hash;
  const [path, search] = text.split("?", 2);
  return { path: path || "/", query: Object.fromEntries(new URLSearchParams(search || "")) };
}

/**
 * Mounts one view at a time. A view exports `title` and `mount(root, context)`, which answers how to unmount.
 * `context` has `parameters`, `query`, `setQuery`, the services (`events`, `toast`, `access`) and a `signal` that aborts at
 * unmount.
 */
export class Router {
  #routes;
  #root;
  #services;
  #leave = null;
  #path = null;
  #listeners = new Set();

  constructor(routes, root, services) {
    this.#routes = routes;
    this.#root = root;
    this.#services = services;
  }

  start() {
    addEventListener("hashchange", () => this.#show());
    this.#show();
  }

  listen(listener) {
    this.#listeners.add(listener);
    listener(parse(location.hash).path);
  }

  async #show() {
    const { path, query } = parse(location.hash);
    const used = this.#path === path && this.#root.contains(document.activeElement) ? mark(document.activeElement) : null;
    this.#leave?.();
    this.#leave = null;
    for (const listener of this.#listeners) listener(path);
    for (const [pattern, view] of this.#routes) {
      const parameters = match(pattern, path);
      if (!parameters) continue;
      const abort = new AbortController();
      const context = { ...this.#services, parameters, query, signal: abort.signal, setQuery: (next) => this.#setQuery(path, next) };
      document.title = `${view.title(parameters)} · Beamline`;
      const root = h("div", { class: "view" });
      // The last view stays until this one has something to show, but not so long that a click seems lost.
      const late = setTimeout(() => this.#place(root, path), 300);
      let unmount = null;
      this.#leave = () => {
        abort.abort();
        unmount?.();
      };
      try {
        unmount = await view.mount(root, context);
        if (abort.signal.aborted) unmount?.();
      } catch (error) {
        if (error.name !== "AbortError") root.replaceChildren(problem(error));
      }
      clearTimeout(late);
      if (abort.signal.aborted) return;
      this.#place(root, path);
      if (used) root.querySelector(used)?.focus({ preventScroll: true });
      return;
    }
    this.#place(h("div", { class: "view" }, h("h1", {}, "Not found"), h("p", {}, "There is no such page. ", h("a", { href: "#/" }, "Overview"))), path);
  }

  /** Puts a view where the last one was; another page is read from its beginning. */
  #place(root, path) {
    if (root.isConnected) return;
    this.#root.replaceChildren(root);
    if (this.#path !== path && this.#path !== null) {
      this.#root.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    this.#path = path;
  }

  #setQuery(path, query) {
    const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
    const text = search.toString();
    location.hash = text ? `#${path}?${text}` : `#${path}`;
  }
}

// A selector of the same control in another rendering of the same view: keyboard and reader stay where they were.
function mark(element) {
  if (element.dataset?.key) return `[data-key="${CSS.escape(element.dataset.key)}"]`;
  const name = element.getAttribute("name");
  return name ? `[name="${CSS.escape(name)}"]` : null;
}

const titles = { 403: "You may not see this", 404: "Not found" };

/** An error as a person should see it: what, and what to do. */
export function problem(error) {
  const unreachable = !(error instanceof ApiError);
  return h(
    "section",
    { class: "problem", role: "alert" },
    h("h2", {}, unreachable ? "The server cannot be reached" : titles[error.status] || "This did not work"),
    h("p", {}, unreachable ? "It may be restarting; this page tries again when you reload it." : error.message),
    !unreachable && error.requestId ? h("p", { class: "quiet" }, `Request ${error.requestId}`) : null,
  );
}
