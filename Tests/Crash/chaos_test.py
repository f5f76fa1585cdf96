"""Chaos: two server nodes, four workers and PostgreSQL under load for minutes, while everything goes wrong.

    python3 Tests/Crash/chaos_test.py [--minutes 5] [--rate 4] [--seed N] [--keep]

Every node reaches PostgreSQL, and every worker its nodes, through a TCP proxy. Faults: kill -9 and SIGSTOP of nodes and
workers; kill -9 of PostgreSQL; its backends and LISTEN sessions terminated; partitions (nothing passes, nothing closes),
latency and cut connections on each proxy. Afterwards the checker of crash_test.py reads the whole history.

Recovery is measured in the ledger that the steps write:

  * a dead worker or node: how long until something that was started after the fault has run;
  * what a dead worker held: until each of its attempts has ended or was leased anew (the workers' lease is 15 s);
  * PostgreSQL: how long after it accepts connections until a step has run.
"""

import argparse
import bisect
import collections
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from crash_test import apply, check, submit, wait_ended  # noqa: E402
from proxy import Proxy, postgres_socket  # noqa: E402
from stage import Client, Stage, free_port, ready  # noqa: E402

KINDS = {
    "kill a node": 4,
    "kill a worker": 4,
    "stop a node": 2,
    "stop a worker": 3,
    "kill PostgreSQL": 2,
    "end backends": 3,
    "end LISTEN sessions": 2,
    "partition node and PostgreSQL": 2,
    "partition worker and node": 3,
    "latency to PostgreSQL": 2,
    "latency to nodes": 2,
    "cut connections": 3,
}


class Ledger:
    """When each line of the steps' file was written, to 10 ms."""

    def __init__(self, path):
        self.path, self.times, self.isOpen = path, [], True
        open(path, "w").close()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        with open(self.path) as file:
            while self.isOpen:
                lines = file.readlines()
                now = time.monotonic()
                self.times += [now] * len(lines)
                if not lines:
                    time.sleep(0.01)

    def wait_after(self, moment, seconds):
        """How long after the moment the next line came; `None`: none came in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            later = bisect.bisect_right(self.times, moment)
            if later < len(self.times):
                return self.times[later] - moment
            time.sleep(0.01)
        return None


class Chaos:
    def __init__(self, cluster, stage, dice, ledger):
        self.cluster, self.stage, self.dice, self.ledger = cluster, stage, dice, ledger
        self.nodes, self.workers = [], []
        self.database_proxies, self.node_proxies = [], []
        self.counts = collections.Counter()
        self.recoveries = collections.defaultdict(list)
        self.problems = []
        # Killed on purpose, and not yet to be started again.
        self.down = set()
        self.restarts = 0
        self.isOver = False

    def keep(self):
        """What ends by itself (a node that finds no database when it starts) is started again, as a supervisor does."""
        while not self.isOver:
            for process in self.nodes + self.workers:
                if process not in self.down and process.process.poll() is not None:
                    self.restarts += 1
                    process.start()
            time.sleep(0.5)

    def set_up(self):
        for index in range(2):
            proxy = Proxy(postgres_socket(self.cluster.folder))
            self.database_proxies.append(proxy)
            self.stage.environment["DATABASE_URL"] = (
                f"postgresql://postgres@127.0.0.1:{proxy.port}/beamline?connect_timeout=3"
            )
            node = self.stage.server(f"node-{index}", port=free_port())
            node.environment = dict(self.stage.environment)
            self.nodes.append(node)
        self.stage.environment["DATABASE_URL"] = self.cluster.url
        for index in range(4):
            proxies = [Proxy(("127.0.0.1", int(node.url.rsplit(":", 1)[1]))) for node in self.nodes]
            self.node_proxies += proxies
            urls = [f"http://127.0.0.1:{proxy.port}" for proxy in proxies]
            self.workers.append(
                self.stage.worker(f"worker-{index}", urls if index % 2 == 0 else urls[::-1], "--cpu", "4", "--io", "4")
            )
        for node in self.nodes:
            ready(node.url)

    # Faults

    def strike(self):
        kind = self.dice.choices(list(KINDS), weights=list(KINDS.values()))[0]
        self.counts[kind] += 1
        getattr(self, "_" + kind.replace(" ", "_"))()

    def _recovers(self, what, moment, seconds=60, least=0):
        took = self.ledger.wait_after(moment, seconds)
        if took is None:
            self.problems.append(f"{what}: nothing ran for {seconds} s")
        else:
            self.recoveries[what].append(max(took, least))

    def _held(self, worker):
        """Attempts that sessions of this worker hold."""
        return self.cluster.sql(
            "SELECT a.run, a.step, a.attempt FROM attempts a JOIN worker_sessions s USING (session) "
            f"WHERE s.worker = '{worker.name}'"
        )

    def _kill_a_node(self):
        node = self.dice.choice(self.nodes)
        self.down.add(node)
        node.kill()
        moment = time.monotonic()
        self._recovers("dead node", moment)
        time.sleep(self.dice.uniform(0, 2))
        node.start()
        self.down.discard(node)

    def _kill_a_worker(self):
        worker = self.dice.choice(self.workers)
        held = self._held(worker)
        self.down.add(worker)
        worker.kill()
        moment = time.monotonic()
        self._recovers("dead worker", moment)
        if held and self.dice.random() < 0.5:
            # Left dead: what it held must be found by others.
            self._measure_held(held, moment)
        else:
            time.sleep(self.dice.uniform(0, 2))
        worker.start()
        self.down.discard(worker)

    def _measure_held(self, held, moment):
        names = ", ".join(f"('{run}'::uuid, {step}, {attempt})" for run, step, attempt in held)
        while time.monotonic() < moment + 60:
            left = self.cluster.sql(
                f"SELECT count(*) FROM attempts a JOIN (VALUES {names}) v(run, step, attempt) USING (run, step, attempt)"
            )
            if left == [["0"]]:
                self.recoveries["what a dead worker held"].append(time.monotonic() - moment)
                return
            time.sleep(0.05)
        self.problems.append("what a dead worker held was not found within 60 s")

    def _stop(self, process, seconds):
        process.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.process.send_signal(signal.SIGCONT)

    def _stop_a_node(self):
        moment = time.monotonic()
        self._stop(self.dice.choice(self.nodes), self.dice.uniform(1, 20))
        self._recovers("stopped node", moment)

    def _stop_a_worker(self):
        moment = time.monotonic()
        self._stop(self.dice.choice(self.workers), self.dice.uniform(1, 20))
        self._recovers("stopped worker", moment)

    def _kill_PostgreSQL(self):
        self.cluster.kill()
        time.sleep(self.dice.uniform(0, 3))
        self.cluster.start()
        self._recovers("PostgreSQL accepts", time.monotonic())

    def _end(self, condition):
        moment = time.monotonic()
        self.cluster.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = 'beamline' AND pid <> pg_backend_pid() AND {condition}"
        )
        return moment

    def _end_backends(self):
        self._recovers("ended backends", self._end("random() < 0.5"))

    def _end_LISTEN_sessions(self):
        self._recovers("ended LISTEN sessions", self._end("query ILIKE 'LISTEN%'"))

    def _partition(self, proxies, seconds):
        for proxy in proxies:
            proxy.partition()
        time.sleep(seconds)
        for proxy in proxies:
            proxy.heal()
        return time.monotonic()

    def _partition_node_and_PostgreSQL(self):
        self._recovers(
            "healed partition", self._partition([self.dice.choice(self.database_proxies)], self.dice.uniform(0.5, 20))
        )

    def _partition_worker_and_node(self):
        some = self.dice.sample(self.node_proxies, 1 + self.dice.randrange(4))
        self._recovers("healed partition", self._partition(some, self.dice.uniform(0.5, 20)))

    def _slow(self, proxies, seconds):
        for proxy in proxies:
            proxy.latency = self.dice.uniform(0.02, 0.3)
        time.sleep(seconds)
        for proxy in proxies:
            proxy.heal()

    def _latency_to_PostgreSQL(self):
        self._slow(self.database_proxies, self.dice.uniform(1, 6))

    def _latency_to_nodes(self):
        self._slow(self.node_proxies, self.dice.uniform(1, 6))

    def _cut_connections(self):
        proxies = self.dice.choice([self.database_proxies, self.node_proxies])
        moment = time.monotonic()
        for proxy in proxies:
            proxy.cut()
        self._recovers("cut connections", moment)

    def heal(self):
        for proxy in self.database_proxies + self.node_proxies:
            proxy.heal()

    def close(self):
        for proxy in self.database_proxies + self.node_proxies:
            proxy.close()


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def main():
    parser = argparse.ArgumentParser(description="Everything goes wrong under load; nothing is lost.")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("CHAOS_MINUTES", "5")))
    parser.add_argument("--rate", type=float, default=float(os.environ.get("CHAOS_RATE", "4")), help="runs a second")
    seed = os.environ.get("CHAOS_SEED")
    parser.add_argument("--seed", type=int, default=int(seed) if seed else random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and ledger")
    parser.add_argument("--report", help="append one line of JSON to this file")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="beamline-chaos-")
    cluster = Cluster()
    stages, ok = [], False
    try:
        ok = run(options, folder, cluster, stages)
    finally:
        for stage in stages:
            stage.end()
        cluster.stop()
        if options.keep or not ok:
            print(f"logs and ledger: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if ok else 1)


def run(options, folder, cluster, stages):
    stage = Stage(cluster, folder)
    stages.append(stage)
    path = os.path.join(folder, "ledger")
    ledger = Ledger(path)
    chaos = Chaos(cluster, stage, random.Random(options.seed), ledger)
    chaos.set_up()
    token = stage.token("developer")
    urls = [node.url for node in chaos.nodes]
    apply(Client(urls[0], token), folder)

    begin = time.monotonic()
    end = begin + options.minutes * 60
    count = int(options.minutes * 60 * options.rate)
    wanted = [f"chaos-{options.seed}-{index}" for index in range(count)]
    acknowledged, failures = {}, []

    def submitter(part, first):
        try:
            for index, key in enumerate(part):
                time.sleep(max(0, begin + (index * 4 + first) / options.rate - time.monotonic()))
                submit(urls, token, key, path, acknowledged, end + 120)
        except SystemExit as error:
            failures.append(str(error))

    submitters = [threading.Thread(target=submitter, args=(wanted[first::4], first)) for first in range(4)]
    for thread in submitters:
        thread.start()
    threading.Thread(target=chaos.keep, daemon=True).start()
    time.sleep(3)
    while time.monotonic() < end:
        chaos.strike()
        time.sleep(chaos.dice.uniform(0.5, 3))
    chaos.heal()
    for thread in submitters:
        thread.join()
    chaos.problems += failures
    wait_ended(cluster, count, time.monotonic() + 180)
    chaos.isOver = True
    time.sleep(0.6)
    took = time.monotonic() - begin
    for process in stage.processes:
        process.stop()
    chaos.close()
    ledger.isOpen = False
    isWhole = check(cluster, wanted, acknowledged, path, took)
    print(f"processes that ended by themselves and were started again: {chaos.restarts}")
    print("faults: " + ", ".join(f"{kind} {number}" for kind, number in sorted(chaos.counts.items())))
    figures = {}
    for what, values in sorted(chaos.recoveries.items()):
        figures[what] = {"count": len(values), "p50": quantile(values, 0.5), "max": max(values)}
        print(f"recovery, {what}: {len(values)} times, p50 {figures[what]['p50']:.2f} s, longest {max(values):.2f} s")
    for problem in chaos.problems:
        print(f"PROBLEM {problem}")
    if options.report:
        with open(options.report, "a") as file:
            row = {"seed": options.seed, "runs": count, "faults": sum(chaos.counts.values()), "recovery": figures}
            file.write(json.dumps(row) + "\n")
    return isWhole and not chaos.problems


if __name__ == "__main__":
    main()
