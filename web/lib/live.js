/**
 * Reads again when something changed, at most once each `interval` ms and never twice at once; `refresh` shows what it
 * read. Answers how to stop.
 */
export function live(events, refresh, { interval = 500, relevant = () => true } = {}) {
  let timer = null;
  let running = false;
  let again = false;
  let stopped = false;
  const run = async () => {
    timer = null;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await refresh();
    } catch (error) {
      // The stream's own state shows that the server is away; the next change or resync reads again.
      if (error.name !== "AbortError") again = true;
    }
    running = false;
    if (again && !stopped) {
      again = false;
      timer = setTimeout(run, interval * 2);
    }
  };
  const stop = events.listen((change) => {
    if (stopped || timer !== null || (change !== null && !relevant(change))) return;
    timer = setTimeout(run, change === null ? 0 : interval);
  });
  return () => {
    stopped = true;
    stop();
    clearTimeout(timer);
  };
}
