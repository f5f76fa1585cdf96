/** A span in milliseconds as people read it: `0.04s`, `1.2s`, `3m 05s`, `2h 10m`. */
export function duration(milliseconds) {
  if (!Number.isFinite(milliseconds)) return "–";
  const ms = Math.max(0, milliseconds);
  if (ms < 1000) return ms < 9.5 ? `${ms.toFixed(ms < 1 ? 1 : 0)}ms` : `${(ms / 1000).toFixed(2)}s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, "0")}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3600)}h`;
}

/** `12s ago`, `3m ago`; the exact time belongs in a title. */
export function ago(time, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

export function clock(time) {
  const date = new Date(time);
  return `${date.toLocaleTimeString([], { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function count(number) {
  return Number(number).toLocaleString("en-US");
}

export const stateNames = {
  queued: "Queued", running: "Running", paused: "Paused", cancelling: "Cancelling", succeeded: "Succeeded",
  failed: "Failed", cancelled: "Cancelled", timed_out: "Timed out", pending: "Pending", ready: "Ready",
  scheduled: "Scheduled", waiting: "Waiting", held: "Held", skipped: "Skipped", lost: "Lost",
  expanded: "Expanded", open: "Open", redriven: "Redriven", done: "Done", unchanged: "Unchanged", closed: "Closed",
  half_open: "Half-open", serving: "Serving", draining: "Draining", refused: "Refused", active: "Active", suspended: "Suspended",
};

export function isEnded(state) {
  return state === "succeeded" || state === "failed" || state === "cancelled" || state === "timed_out";
}
