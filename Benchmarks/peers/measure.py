"""One measurement of one peer: a row."""

import time

from peer import BATCH
from programs import ProgramFailed, until

PAUSE = 0.02  # between two looks at how much is done
MOST = 100_000  # steps in one measurement
ATTEMPTS = 5  # to find how many steps take long enough
PATIENCE = 90  # seconds within which everything submitted must be done


def measure(peer, mode, expected_rate, seconds):
    """A row: steps, seconds and what they cost. `expected_rate` sets how many steps make about `seconds`; what is over in
    less than half of that is no measurement and is made again with more steps."""
    for _ in range(ATTEMPTS):
        count = max(BATCH if mode != "one_call" else 8, min(MOST, round(expected_rate * seconds)))
        row = burn_down(peer, count) if mode == "burn_down" else steady(peer, 1 if mode == "one_call" else BATCH, count)
        rate = row["steps"] / row["seconds"]
        if row["seconds"] >= seconds / 2 or count == MOST:
            return {"mode": mode, **row, "seconds": round(row["seconds"], 3), "steps_per_s": round(rate, 1)}
        # A rate that was seen for a moment only is not believed beyond some times the expected one.
        expected_rate = min(rate, 8 * expected_rate)
    raise ProgramFailed(f"{peer.name}: {count} steps were done in {row['seconds']:.3f} s, too soon to be measured")


def warm_up(peer, expected_rate):
    """The first steps: workers connect, statements are prepared."""
    finish(peer, peer.done(), peer.submit(max(8, round(expected_rate / 5)), 1))


def steady(peer, batch, count):
    """From the first call to the end of the last step, with workers that serve from the start."""
    base = peer.done()
    peer.storage.settle()
    before = counters(peer)
    begin = time.monotonic()
    acknowledged = peer.submit(count, batch)
    finish(peer, base, acknowledged)
    took = time.monotonic() - begin
    return {"steps": acknowledged, "seconds": took, **cost(peer, before, acknowledged)}


def burn_down(peer, count):
    """From the first steps that the arriving workers have ended to the last: their own start is not counted."""
    peer.rest()
    base = peer.done()
    ready = peer.fill(count)
    if peer.done() != base:
        raise ProgramFailed(f"{peer.name}: steps were worked on before there was a worker")
    peer.storage.settle()
    before, begin = counters(peer), time.monotonic()
    peer.serve()
    first = until("the first step is done", lambda: peer.done() - base, PATIENCE, PAUSE, peer.programs())
    if first > ready / 2:
        # So few were ready that the first look saw most of them done: then all counts from the workers' start.
        first = 0
    else:
        before, begin = counters(peer), time.monotonic()
    finish(peer, base, ready)
    took = time.monotonic() - begin
    return {"steps": ready - first, "seconds": took, **cost(peer, before, ready - first)}


def finish(peer, base, acknowledged):
    """Until every acknowledged step is done, and not one more."""
    def all_done():
        done = peer.done() - base
        if done > acknowledged:
            raise ProgramFailed(f"{peer.name}: {acknowledged} steps were acknowledged and {done} are done")
        return done == acknowledged

    until(f"{acknowledged} steps of {peer.name} are done", all_done, PATIENCE, PAUSE, peer.programs())


def counters(peer):
    return {**peer.storage.counters(), "peer_cpu_s": peer.cpu()}


def cost(peer, before, steps):
    """What a step has cost, by owner."""
    spent = {name: value - before[name] for name, value in counters(peer).items()}
    row = {
        "peer_cpu_us_per_step": round(1e6 * spent["peer_cpu_s"] / steps, 1),
        "store_cpu_us_per_step": round(1e6 * spent["cpu_s"] / steps, 1),
        "log_bytes_per_step": round(spent["wal_bytes"] / steps),
    }
    if "syncs" in spent:
        row["log_flushes"] = spent["syncs"]
    return row
