import { whenSeen } from "./reads.js";

/**
 * Reads, and reads again when something has changed, at most once each `interval` ms and never twice at once; `refresh`
 * shows what it read. It listens from before the first read on, so that nothing is missed in between; what changes while
 * nobody sees the page is read when somebody does. Answers how to stop, when the first read is done; throws what that throws.
 */
export async function live(events, refresh, { interval = 500, relevant = () => true, page = document } = {}) {
  let timer = null;
  let running = true;
  let again = false;
  const over = new AbortController();
  const wait = (delay) => (timer = setTimeout(() => whenSeen(run, over.signal, page), delay));
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
    if (again && !over.signal.aborted) {
      again = false;
      wait(interval * 2);
    }
  };
  const ignore = events.listen((change) => {
    if (timer !== null || (change !== null && !relevant(change))) return;
    wait(change === null ? 0 : interval);
  });
  const stop = () => {
    over.abort();
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
