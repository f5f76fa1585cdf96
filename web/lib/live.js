/**
 * Reads, and reads again when something has changed, at most once each `interval` ms and never twice at once; `refresh`
 * shows what it read. It listens from before the first read on, so that nothing is missed in between. Answers how to
 * stop, when the first read is done; throws what that throws.
 */
export async function live(events, refresh, { interval = 500, relevant = () => true } = {}) {
  let timer = null;
  let running = true;
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
    rest();
  };
  const rest = () => {
    running = false;
    if (again && !stopped) {
      again = false;
      timer = setTimeout(run, interval * 2);
    }
  };
  const ignore = events.listen((change) => {
    if (stopped || timer !== null || (change !== null && !relevant(change))) return;
    timer = setTimeout(run, change === null ? 0 : interval);
  });
  const stop = () => {
    stopped = true;
    ignore();
    clearTimeout(timer);
  };
  try {
    await refresh();
  } catch (error) {
    stop();
    throw error;
  }
  rest();
  return stop;
}
