import { isEnded } from "../lib/format.js";

/** Applies a live change to a run as read; an older revision changes nothing. Answers a new run, or the same one. */
export function applyChange(run, change) {
  if (change.run !== run.id) return run;
  if (change.revision !== undefined && change.revision < run.revision) return run;
  if (isEnded(run.state) && change.revision === undefined) return run;
  const steps = run.steps.slice();
  for (const { index, state, attempt } of change.steps) {
    const step = steps[index];
    if (!step) continue;
    // Events of token moves carry no revision: a claim seen late must not reopen a step that has ended.
    if (change.revision === undefined && (stepEnded(step.state) || attempt < step.attempt)) continue;
    steps[index] = { ...step, state, attempt: Math.max(attempt, step.attempt) };
  }
  return { ...run, state: change.state ?? run.state, revision: change.revision ?? run.revision, steps };
}

export function stepEnded(state) {
  return state === "succeeded" || state === "failed" || state === "skipped" || state === "cancelled";
}

/** How many steps stand in each state. */
export function tally(steps) {
  const counts = {};
  for (const step of steps) counts[step.state] = (counts[step.state] || 0) + 1;
  return counts;
}

/**
 * The bars of the waterfall: for each attempt the time in the queue and the time at the worker, in milliseconds from
 * the run's start; what has not ended reaches to `now`.
 */
export function waterfall(run, now) {
  const begin = Date.parse(run.created_at);
  const at = (time) => (time === undefined ? undefined : Date.parse(time) - begin);
  const end = run.ended_at ? at(run.ended_at) : Math.max(0, now - begin);
  const rows = run.steps.map((step) => ({
    id: step.id,
    state: step.state,
    bars: step.attempts.map((attempt) => {
      const leased = at(attempt.leased_at);
      const last = at(attempt.ended_at) ?? (isEnded(run.state) ? leased ?? end : end);
      return {
        attempt: attempt.attempt,
        state: attempt.state,
        worker: attempt.worker,
        queued: at(attempt.enqueued_at) ?? leased ?? last,
        leased: leased ?? last,
        end: Math.max(last, leased ?? 0),
      };
    }),
  }));
  const total = Math.max(1, end, ...rows.flatMap((row) => row.bars.map((bar) => bar.end)));
  return { rows, total };
}
