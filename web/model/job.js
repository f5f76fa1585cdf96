/** What a job may do, with its words; `runs` jobs filter runs, a redrive filters open dead letters. */
export const actions = {
  cancel: { name: "Cancel", doing: "Cancel runs", over: "runs", needs: ["runs:cancel"], danger: true },
  pause: { name: "Pause", doing: "Pause runs", over: "runs", needs: ["runs:cancel"] },
  resume: { name: "Resume", doing: "Resume runs", over: "runs", needs: ["runs:cancel"] },
  rerun: { name: "Rerun", doing: "Rerun runs", over: "runs", needs: ["runs:cancel", "runs:start"] },
  rerun_failed: { name: "Rerun what failed", doing: "Rerun what failed in runs", over: "runs", needs: ["runs:cancel", "runs:start"] },
  redrive: { name: "Redrive", doing: "Redrive dead letters", over: "dead letters", needs: ["runs:cancel", "runs:start"] },
};

/** The actions that somebody may start a job of; a job acts on the whole tenant. */
export function allowedActions(access) {
  return Object.keys(actions).filter((action) => actions[action].needs.every((permission) => access.can(permission)));
}

/** Terms joined by "and"; what is empty is left out. */
export function allOf(...terms) {
  return terms.map((term) => (term || "").trim()).filter(Boolean).join(" ");
}

// What POST /v1/bulk and GET /v1/dead-letters take.
const longestFilter = 4096;

/** The filter of the runs of these dead letters, or `null` when it would be longer than the API takes. */
export function runsFilter(letters) {
  const filter = `run:${[...new Set(letters.map((letter) => letter.run))].join(",")}`;
  return filter.length <= longestFilter ? filter : null;
}

/** How much longer a running job takes in milliseconds, by what it has dealt with so far; `null` while that says nothing. */
export function remaining(job, now) {
  const elapsed = now - Date.parse(job.created_at);
  if (job.state !== "running" || job.dealt_with === 0 || elapsed < 1000) return null;
  return (elapsed / job.dealt_with) * (job.total - job.dealt_with);
}

/** `12 runs`, `1 run`. */
export function runs(count) {
  return `${Number(count).toLocaleString("en-US")} ${count === 1 ? "run" : "runs"}`;
}
