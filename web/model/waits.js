// What a person can act upon comes first; what only follows the order of the steps, or goes on by itself, last.
const order = [
  "no_worker", "breaker", "queue_paused", "paused", "limit", "queue_limit", "quota", "outside", "retry", "rate", "throttle",
  "debounce", "turn", "starting", "running", "parts", "dependencies", "stage",
];

export const reasonNames = {
  dependencies: "Other steps", stage: "Later part", parts: "Its parts", paused: "Paused", retry: "Retry", rate: "Rate",
  throttle: "Throttle", debounce: "Debounce", limit: "Limit", starting: "Starting", breaker: "Breaker open",
  queue_paused: "Queue paused", queue_limit: "Queue full", no_worker: "No worker", quota: "Quota", turn: "Its turn", running: "Running",
  outside: "Somebody outside",
};

const moving = new Set(["running", "starting"]);
const ordinary = new Set(["parts", "dependencies", "stage"]);

/**
 * The reasons of `GET /v1/runs/{id}/explain` that say why a run does not go on, what can be acted upon first, at most
 * `most` of them. Steps that run, or only follow others, are no news; `hidden` is how many were left out besides.
 */
export function obstacles(waits, most = 20) {
  const telling = waits.filter((wait) => !moving.has(wait.reason) && !ordinary.has(wait.reason));
  const ranked = telling.map((wait, index) => ({ wait, index })).sort((a, b) => rank(a.wait) - rank(b.wait) || a.index - b.index);
  return { shown: ranked.slice(0, most).map(({ wait }) => wait), hidden: Math.max(0, telling.length - most) };
}

function rank(wait) {
  const place = order.indexOf(wait.reason);
  return place < 0 ? order.length : place;
}
