/**
 * Joins what asks the server and what shows its answer. Each call asks anew; an answer is passed over if one that was
 * asked for later is shown already, so that a slow read from before a change does not take the page back behind it.
 * Throws what `ask` throws.
 */
export function reader(ask, show) {
  let asked = 0;
  let shown = 0;
  return async () => {
    const turn = ++asked;
    try {
      const answer = await ask();
      if (turn < shown) return;
      shown = turn;
      show(answer);
    } catch (error) {
      if (turn >= shown) throw error;
    }
  };
}

/** Calls `work` as soon as somebody sees the page: now, or when it comes out of hiding; not at all once the signal aborts. */
export function whenSeen(work, signal, page = document) {
  if (signal.aborted) return;
  if (page.hidden) page.addEventListener("visibilitychange", () => whenSeen(work, signal, page), { once: true, signal });
  else work();
}

/**
 * Does `work` again and again until the view goes: `interval` ms after its last end, however that was, so that slow answers
 * do not pile up. It rests while nobody sees the page.
 */
export function every(interval, work, signal, page = document) {
  let timer = null;
  const rest = () => {
    if (!signal.aborted) timer = setTimeout(() => whenSeen(turn, signal, page), interval);
  };
  const turn = async () => {
    try {
      await work();
    } catch {
      // The page stands as it was; the state of the event stream shows that the server is away.
    }
    rest();
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  rest();
}
