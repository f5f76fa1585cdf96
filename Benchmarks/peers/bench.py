"""Beamline and its peers on the same work, on this machine, in turns.

    Benchmarks/peers/run [--quick] [--seconds 2] [--rounds 5] [--only beamline,celery] [--docs]

First every setting of every system is tried once; the best one of each mode is kept. Then the rounds: in each, every system
is started afresh and measured in every mode, in an order that moves on from round to round. A step counts when its system's
own store says that it succeeded, and a system that has lost or doubled one fails. Results: .build/bench-peers.json, and the
figures in .build/bench.json too. `--quick` proves in a minute or two that each system works; its figures mean nothing.
"""

import argparse
import datetime
import json
import os
import shutil
import signal
import sys
import tempfile
import time

from beamline_peer import Beamline
from celery_peer import Celery
from dbos_peer import DBOS
from figures import best_settings, figures
from measure import measure, warm_up
from peer import MODES
from prefect_peer import Prefect
from procrastinate_peer import Procrastinate
from programs import ProgramFailed
from report import RESULTS, ROOT, terminal, write_docs
from skip_locked_peer import SkipLocked
from storage import Postgres, Redis, versions_of_the_machine

sys.path.append(os.path.join(ROOT, "Benchmarks"))
from results import add  # noqa: E402

SYSTEMS = (Beamline, Procrastinate, DBOS, Celery, Prefect, SkipLocked)


class Bench:
    def __init__(self, systems, seconds, rounds, quick):
        self.systems, self.seconds, self.rounds, self.quick = systems, seconds, rounds, quick
        self.folder = tempfile.mkdtemp(prefix="beamline-peers-")
        self.stores, self.rates = {}, {}
        self.trials, self.rows = [], []

    def store(self, system):
        if system.store not in self.stores:
            self.stores[system.store] = {"PostgreSQL": Postgres, "Redis": Redis}[system.store]()
        return self.stores[system.store]

    def expected(self, system, setting, mode):
        """Steps a second, as far as is known: of this setting and mode, of another mode, of anything."""
        known = self.rates
        fallbacks = [(system.name, setting, mode), (system.name, setting, "one_call"), (system.name, None, mode)]
        return next((known[key] for key in fallbacks if key in known), system.guess)

    def visit(self, system, setting, modes, seconds, **about):
        """Starts a system with one setting and measures it; a failure is a row too."""
        peer = system(self.store(system), self.folder)
        rows, mode = [], modes[0]
        try:
            peer.start(setting)
            if any(mode != "burn_down" for mode in modes):
                peer.serve()
                warm_up(peer, self.expected(system, setting, "one_call"))
            for mode in modes:
                row = measure(peer, mode, self.expected(system, setting, mode), seconds)
                self.rates[system.name, setting, mode] = row["steps_per_s"]
                self.rates[system.name, None, mode] = max(row["steps_per_s"], self.rates.get((system.name, None, mode), 0))
                rows.append({**about, "peer": system.name, "setting": setting, **row})
                print(f"  {about.get('round') or 'trial':<6} {system.label:<22} {mode:<10} {setting:<42} {row['steps']:>7} steps "
                      f"{row['seconds']:>7.2f} s {row['steps_per_s']:>10,.0f} /s", flush=True)
        except (ProgramFailed, AssertionError) as error:
            rows.append({**about, "peer": system.name, "setting": setting, "mode": mode, "error": str(error)})
            print(f"  {system.label}, {setting}, {mode}: {error}", file=sys.stderr, flush=True)
        finally:
            peer.stop()
        return rows

    def try_settings(self):
        """One setting of each in a quick look, all of them otherwise."""
        for system in self.systems:
            settings = list(system.settings)[:1] if self.quick else system.settings
            for setting in settings:
                modes = system.modes_of(setting)
                self.trials += self.visit(system, setting, modes, min(0.8, self.seconds), phase="trial", round=0)
        self.best = best_settings(self.trials)

    def turn(self, deadline):
        """The rounds; none is begun that would likely end after the deadline, and the results say how many there were."""
        wanted, self.rounds, took = self.rounds, 0, 0
        for number in range(wanted):
            begin = time.monotonic()
            if number and begin + took > deadline:
                print(f"{number} of {wanted} rounds: the time is over", file=sys.stderr, flush=True)
                break
            self.round(number)
            self.rounds, took = number + 1, time.monotonic() - begin

    def round(self, number):
        shift = number % len(self.systems)
        for system in self.systems[shift:] + self.systems[:shift]:
            wanted = {}
            for mode in MODES:
                if (system.name, mode) in self.best:
                    wanted.setdefault(self.best[system.name, mode], []).append(mode)
            for setting, modes in wanted.items():
                self.rows += self.visit(system, setting, modes, self.seconds, phase="round", round=number + 1)

    def results(self):
        rows = self.rows or self.trials
        return {
            "date": datetime.date.today().isoformat(),
            "quick": self.quick, "seconds": self.seconds, "rounds": self.rounds,
            "machine": versions_of_the_machine(),
            "servers": {name: store.version() for name, store in self.stores.items()},
            "durable": {name: store.shown() for name, store in self.stores.items()},
            "peers": {
                system.name: {"label": system.label, "kind": system.kind, "store": system.store,
                              "version": system(None, None).version(), "settings": system.settings}
                for system in self.systems},
            "best": {system.name: {mode: setting for (peer, mode), setting in self.best.items() if peer == system.name}
                     for system in self.systems},
            "figures": figures(rows, {system.name: system.kind for system in self.systems}),
            "trials": self.trials,
            "rows": rows,
        }

    def stop(self):
        for store in self.stores.values():
            store.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description="Beamline and its peers on the same work, in turns.")
    parser.add_argument("--quick", action="store_true", help="one setting, one short round: for a look, not for figures")
    parser.add_argument("--seconds", type=float, default=2, help="about how long one measurement takes (2)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median counts (5)")
    parser.add_argument("--only", default=",".join(system.name for system in SYSTEMS), help="the systems, by name")
    parser.add_argument("--limit", type=int, default=900, help="seconds after which no round is begun (900)")
    parser.add_argument("--note", default="", help="a sentence for the docs about this run")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.md, its charts and docs/peers-rows.tsv")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := set(names) - {system.name for system in SYSTEMS}:
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    systems = [system for system in SYSTEMS if system.name in names]

    def give_up(number, frame):
        raise SystemExit(f"given up by {signal.Signals(number).name}; --limit is {options.limit} s")

    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, give_up)
    signal.alarm(options.limit + 300)
    seconds, rounds = (0.5, 0) if options.quick else (options.seconds, options.rounds)
    begin = time.monotonic()
    bench = Bench(systems, seconds, rounds, options.quick)
    try:
        bench.try_settings()
        bench.turn(begin + options.limit)
        results = bench.results()
    finally:
        signal.alarm(0)
        bench.stop()
    results["note"] = options.note
    for store, shown in results["durable"].items():
        print(f"{store}: " + ", ".join(f"{name} {value}" for name, value in shown.items()))
    print(terminal(results))
    for figure in results["figures"]:
        if "ratio" in figure["name"]:
            print(f"  {figure['name']:<40} {figure['value']:>10,.2f} {figure['unit']}")
    # What is no measurement leaves the last one's results as they are.
    written = RESULTS.replace(".json", "-quick.json") if options.quick else RESULTS
    with open(written, "w") as file:
        json.dump(results, file, indent=1)
    if not options.quick:
        add(results["figures"])
        if options.docs:
            write_docs(results)
    failed = [row for row in bench.trials + bench.rows if "error" in row]
    if failed:
        raise SystemExit(f"{len(failed)} measurements failed; see above and {os.path.relpath(written, ROOT)}")


if __name__ == "__main__":
    main()
