import { h } from "../lib/dom.js";
import { api } from "../lib/api.js";

const PLACE = "beamline.place";
const FAILURES = {
  provider_failed: "The sign-in service does not answer as it should. Try again; the server's log has the cause.",
  access_denied: "The sign-in service did not let you in.",
  sign_in_expired: "This sign-in took too long, or was begun in another browser. Begin again.",
  token_refused: "The sign-in service's answer was refused. The server's log has the cause.",
  no_account: "You are known to the sign-in service, but have no role here. Ask an administrator for one.",
};

/** Takes the one-time code out of the URL's fragment, so that it stays in no history entry. */
export function takeCode() {
  return takeFragment(/^#code=([A-Za-z0-9_-]+)$/);
}

/** Why a sign-in at a provider failed, in a sentence; `null` when none did. */
export function takeFailure() {
  const code = takeFragment(/^#sign-in-error=([a-z_]+)$/);
  return code === null ? null : (FAILURES[code] ?? "Nobody was signed in.");
}

/** After a sign-in at a provider, the page that asked for it. */
export function returnToPlace() {
  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place && location.hash === "") history.replaceState(null, "", place);
}

function takeFragment(pattern) {
  const found = pattern.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return found[1];
}

export async function show(root, failure) {
  document.title = "Sign in · Beamline";
  const providers = h("div", { class: "providers" });
  root.replaceChildren(
    h(
      "section",
      { class: "view empty" },
      h("h1", {}, "Sign in"),
      failure ? h("p", { class: "error", role: "alert" }, failure) : null,
      providers,
      h("p", {}, "In a terminal, ask for a link to this page. It is good once, for five minutes:"),
      h("pre", { class: "json" }, "./beamline dashboard"),
    ),
  );
  const answer = await api.get("/v1/session/providers");
  providers.replaceChildren(
    ...answer.providers.map(({ name, title }) =>
      h("a", { class: "button primary", href: `/v1/session/oidc/${encodeURIComponent(name)}`, onclick: keepPlace }, `Sign in with ${title}`),
    ),
  );
}

function keepPlace() {
  if (location.hash) sessionStorage.setItem(PLACE, location.hash);
}

export function showUnreachable(root, error, retry) {
  root.replaceChildren(
    h(
      "section",
      { class: "view empty", role: "alert" },
      h("h1", {}, "The server cannot be reached"),
      h("p", {}, error.message),
      h("button", { type: "button", class: "button primary", onclick: retry }, "Try again"),
    ),
  );
}
