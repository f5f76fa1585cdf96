/** An answer that was not a success: `code` is stable, `message` is for people. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code || "unknown";
    this.requestId = problem.request_id;
    this.problem = problem;
  }
}

// Of the session: changes carry it, so that no other site's page can ask for them.
let csrfToken = null;

/** Takes the session's token, which every change from now on carries. */
export function useSession(session) {
  csrfToken = session.csrf_token ?? null;
}

async function call(method, path, body, signal, fields = {}) {
  const init = { method, headers: { accept: "application/json", ...fields }, credentials: "same-origin", signal };
  if (csrfToken && method !== "GET") init.headers["x-csrf-token"] = csrfToken;
  if (body !== undefined) {
    init.body = typeof body === "string" ? body : JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  const response = await fetch(path, init);
  if (response.status === 204) return null;
  const isJson = (response.headers.get("content-type") || "").includes("json");
  const value = isJson ? await response.json() : { detail: await response.text() };
  if (!response.ok) throw new ApiError(response.status, value);
  return value;
}

/**
 * The REST API; every method throws `ApiError`, or `TypeError` when the server cannot be reached. A body that is a string
 * is JSON text already; `fields` are the request's header fields, such as `if-match`.
 */
export const api = {
  get: (path, signal) => call("GET", path, undefined, signal),
  post: (path, body, signal, fields) => call("POST", path, body, signal, fields),
  put: (path, body, signal, fields) => call("PUT", path, body, signal, fields),
  delete: (path, signal, fields) => call("DELETE", path, undefined, signal, fields),
};

/** A query string from the parameters that have a value. */
export function query(parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, value);
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}
