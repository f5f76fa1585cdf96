"""Measures Beamline as it is shipped: authentication, events and metrics on, PostgreSQL fully durable.

    Benchmarks/run [--quick] [--only throughput,batched,chain,diamond,burndown,dag,foreach,latency,http,idle,readers,yardstick]

Client, worker, server and PostgreSQL are processes of their own on this machine. Each figure is a line of the table and
an entry of .build/bench.json. `--quick` shortens every measurement: for a look, not for figures.
"""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import results
from cost import Cost, cpu_seconds

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = os.path.join(ROOT, ".build", "release")
os.environ.setdefault("BEAMLINE", os.path.join(RELEASE, "beamline"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
from cluster import Cluster  # noqa: E402
from stage import LIVE_RUNS, Client, Stage, ready, until  # noqa: E402

LOAD = os.path.join(RELEASE, "beamline-load")
WORKFLOW = """
name: bench/noop
steps:
  - { id: only, uses: noop, with: { at: "${{ inputs.at }}", n: "${{ inputs.n }}" } }
"""
# Three steps behind one another; and one, eight beside one another, one.
CHAIN = """
name: bench/chain
steps:
  - { id: a, uses: noop, with: { at: "${{ inputs.at }}" } }
  - { id: b, uses: noop, needs: [a], with: { ok: "${{ steps.a.output.ok }}" } }
  - { id: c, uses: noop, needs: [b], with: { ok: "${{ steps.b.output.ok }}" } }
"""
DIAMOND = "name: bench/diamond\nsteps:\n  - { id: first, uses: noop }\n" + "".join(
    f"  - {{ id: s{n}, uses: noop, needs: [first] }}\n" for n in range(8)
) + f"  - {{ id: last, uses: noop, needs: [{', '.join(f's{n}' for n in range(8))}] }}\n"


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


class Bench:
    def __init__(self, quick):
        self.quick = quick
        self.figures = []
        self.workers = []
        self.folder = tempfile.mkdtemp(prefix="beamline-bench-")
        # What `beamline dev` sets, and nothing else.
        self.cluster = Cluster(
            {"shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "wal_compression": "lz4"})
        # Counted as always, with a limit that one principal's load does not reach.
        os.environ["BEAMLINE_RATE_LIMITS"] = "read=1000000000/10s"
        self.stage = Stage(self.cluster, self.folder)
        self.server = self.stage.server("server")
        self.port = int(self.server.url.rsplit(":", 1)[1])
        ready(self.server.url)
        self.token = self.stage.token("admin")
        self.worker_token = self.stage.token("worker")
        self.client = Client(self.server.url, self.token)
        for definition in (WORKFLOW, CHAIN, DIAMOND):
            self.client.apply(definition)

    def note(self, name, value, unit):
        self.figures.append({"name": name, "value": round(value, 4), "unit": unit})
        print(f"  {name:<40} {value:>14,.3f} {unit}", flush=True)

    def seconds(self, full):
        return max(3, full // 10) if self.quick else full

    def runs(self):
        return int(self.cluster.sql("SELECT count(*) FROM runs")[0][0])

    def succeeded(self):
        return int(self.cluster.sql("SELECT count(*) FROM runs WHERE state = 5")[0][0])

    def start_worker(self, *arguments):
        worker = subprocess.Popen(
            [LOAD, "worker", "--port", str(self.port), "--token", self.worker_token, "--slots", "2000", *arguments],
            stdout=subprocess.PIPE, text=True)
        self.workers.append(worker)
        until("the worker is connected", lambda: self.client.call("GET", "/v1/workers")["workers"])
        return worker

    def end_worker(self, worker):
        """Its figures; it must have served to the end."""
        if worker.poll() is not None:
            raise SystemExit(f"the load worker ended early with {worker.returncode}")
        worker.terminate()
        out, _ = worker.communicate(timeout=30)
        self.workers.remove(worker)
        return json.loads(out)

    def end(self):
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.stage.end()
        self.cluster.stop()

    def load(self, name, *arguments, workflow="bench/noop", steps=1, warmup=10, seconds=60, salt="a"):
        """Runs the client; answers its figures. The cost by owner is that of a run, and of a step where it has several.

        The rate counts from the first call to the end of the last run, so that what is only accepted counts for nothing.
        """
        worker = self.start_worker()
        before_runs, before_done = self.runs(), self.succeeded()
        owners = {"server": self.server.process.pid, "worker": worker.pid}
        before = Cost(self.cluster, owners)
        warmup, seconds = self.seconds(warmup), self.seconds(seconds)
        began = time.monotonic()
        client = subprocess.Popen(
            [LOAD, "client", "--port", str(self.port), "--token", self.token, "--workflow", workflow, "--warmup", str(warmup),
             "--seconds", str(seconds), "--salt", salt, *arguments], stdout=subprocess.PIPE, text=True)
        time.sleep(warmup)
        worker.send_signal(10)  # SIGUSR1: forget the warm-up's latencies
        time.sleep(seconds / 2)
        self.cluster.sql("CHECKPOINT")
        text, _ = client.communicate(timeout=warmup + seconds + 120)
        answer = json.loads(text)
        until("every run has ended", lambda: int(self.cluster.sql(LIVE_RUNS)[0][0]) == 0, 120)
        took = time.monotonic() - began
        after = Cost(self.cluster, owners)
        answer["worker"] = self.end_worker(worker)
        made, done = self.runs() - before_runs, self.succeeded() - before_done
        if answer["failed"] or made != answer["acknowledged"] or done != made:
            raise SystemExit(f"{name}: client acknowledged {answer['acknowledged']} ({answer['failed']} failed), SQL has {made} runs, {done} succeeded")
        answer["rate"] = made / took
        unit = "run" if steps == 1 else "step"
        for what, value, measure in after.since(before, max(1, made) * steps):
            self.note(f"{name}_{what}_per_{unit}", value, measure)
        answer["hot_ratio"] = after.hot_ratio(before)
        return answer

    def throughput(self):
        answer = self.load("single_step", "--connections", "8", "--in-flight", "32", salt="t")
        self.note("single_step_runs_per_s", answer["rate"], "runs/s")
        self.note("hot_ratio", answer["hot_ratio"], "of updates")

    def batched(self):
        answer = self.load("single_step_batched", "--connections", "8", "--in-flight", "2", "--batch", "50", salt="b")
        self.note("single_step_runs_per_s_batched", answer["rate"], "runs/s")

    def chain(self):
        answer = self.load("three_step", "--connections", "8", "--in-flight", "32", workflow="bench/chain", steps=3, seconds=30, salt="c")
        self.note("three_step_runs_per_s", answer["rate"], "runs/s")

    def diamond(self):
        answer = self.load("ten_step", "--connections", "8", "--in-flight", "2", "--batch", "10", workflow="bench/diamond", steps=10, seconds=30, salt="d")
        self.note("ten_step_steps_per_s", 10 * answer["rate"], "steps/s")

    def burndown(self):
        """So many ready steps without a worker, then a worker: steps a second until none is left."""
        count = 5_000 if self.quick else 100_000
        subprocess.run(
            [LOAD, "client", "--port", str(self.port), "--token", self.token, "--workflow", "bench/noop", "--warmup", "0", "--connections", "8",
             "--in-flight", "2", "--batch", "100", "--count", str(count), "--salt", "burn"], check=True, stdout=subprocess.DEVNULL)
        ready = int(self.cluster.sql("SELECT count(*) FROM ready")[0][0])
        if ready != count:
            raise SystemExit(f"burn-down: {ready} steps are ready, not {count}")
        self.cluster.sql("CHECKPOINT")
        began = time.monotonic()
        worker = self.start_worker()
        pids = {"server": self.server.process.pid, "worker": worker.pid}
        before = Cost(self.cluster, pids)
        # Backed off, so that asking costs little beside the work.
        while int(self.cluster.sql(LIVE_RUNS)[0][0]) > 0:
            if time.monotonic() - began > 300:
                raise SystemExit("burn-down: not done after 300 s")
            time.sleep(0.1)
        took = time.monotonic() - began
        for what, value, unit in Cost(self.cluster, pids).since(before, count):
            self.note(f"burn_down_{what}_per_step", value, unit)
        self.end_worker(worker)
        self.note("burn_down_steps_per_s", count / took, "steps/s")

    def dag(self):
        """One run of 10,000 steps, each of which needs two of the layer before; the cost of a step beside that of a ten-step run."""
        layers, width = (10, 100) if self.quick else (100, 100)
        lines = [
            f"  - {{ id: s{layer}x{place}, uses: noop" + (f", needs: [s{layer - 1}x{place}, s{layer - 1}x{(place + 1) % width}]" if layer else "") + " }\n"
            for layer in range(layers) for place in range(width)]
        self.client.apply("name: bench/dag\nsteps:\n" + "".join(lines))
        worker = self.start_worker()
        pids = {"server": self.server.process.pid, "worker": worker.pid}
        for name, steps in (("bench/diamond", 10), ("bench/dag", len(lines))):
            before = Cost(self.cluster, pids)
            began = time.monotonic()
            for _ in range(max(1, len(lines) // 100) if steps == 10 else 1):
                self.client.call("POST", "/v1/runs", {"workflow": name, "input": {}})
            submitted = time.monotonic() - began
            until("the run has ended", lambda: int(self.cluster.sql(LIVE_RUNS)[0][0]) == 0, 120)
            took = time.monotonic() - began
            after = Cost(self.cluster, pids)
            work = len(lines) if steps != 10 else 10 * max(1, len(lines) // 100)
            for what, value, unit in after.since(before, work):
                self.note(f"{name.removeprefix('bench/')}_{what}_per_step", value, unit)
        self.note("dag_submitted_s", submitted, "s")
        self.note("dag_steps_per_s", len(lines) / took, "steps/s")
        self.end_worker(worker)

    def foreach(self):
        """for_each over 10,000 items with max_parallel 50: how many the worker has at once, while 50 remain."""
        items = 1_000 if self.quick else 10_000
        self.client.apply("name: bench/each\nsteps:\n  - { id: each, uses: noop, for_each: \"${{ inputs.items }}\", max_parallel: 50 }\n")
        worker = self.start_worker("--hold", "100")
        began = time.monotonic()
        self.client.call("POST", "/v1/runs", {"workflow": "bench/each", "input": {"items": list(range(items))}})
        until("the run has ended", lambda: int(self.cluster.sql(LIVE_RUNS)[0][0]) == 0, 300)
        took = time.monotonic() - began
        answer = self.end_worker(worker)
        if answer["completed"] != items:
            raise SystemExit(f"for_each: {answer['completed']} of {items} items were completed")
        seconds = answer["held_seconds"]
        # The last fifty end one after another, within the longest hold.
        busy = sum(seconds[1:]) - 0.15
        self.note("for_each_held_most", answer["held_most"], "items")
        self.note("for_each_held_mean", sum(count * span for count, span in enumerate(seconds)) / sum(seconds[1:]), "items")
        self.note("for_each_share_at_45_or_more", min(1, sum(seconds[45:]) / busy), "of the time")
        self.note("for_each_items_per_s", items / took, "items/s")

    def latency(self):
        answer = self.load("latency", "--connections", "8", "--rate", "100", salt="l")
        self.note("start_to_worker_p50_ms", answer["worker"]["p50_ms"], "ms")
        self.note("start_to_worker_p99_ms", answer["worker"]["p99_ms"], "ms")

    def http(self):
        """Rounds alternate, so that a machine that slows down slows both; medians are compared."""
        requests, rounds = (20_000, 1) if self.quick else (200_000, 5)
        folder = os.path.join(self.folder, "www")
        os.makedirs(folder)
        with urllib.request.urlopen(f"{self.server.url}/healthz") as answer:
            body = answer.read()
        with open(os.path.join(folder, "healthz"), "wb") as file:
            file.write(body)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        peer = subprocess.Popen(["nghttpd", "--no-tls", "-n", "1", "-d", folder, str(port)], stdout=subprocess.DEVNULL)
        try:
            until("nghttpd listens", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
            ours, theirs, signed = [], [], []
            for _ in range(rounds):
                ours.append(self.h2load(self.server.process.pid, f"{self.server.url}/healthz", requests))
                signed.append(self.h2load(self.server.process.pid, f"{self.server.url}/v1/session", requests, self.token))
                theirs.append(self.h2load(peer.pid, f"http://127.0.0.1:{port}/healthz", requests))
        finally:
            peer.terminate()
            peer.wait()
        routed = self.h2load(self.server.process.pid, f"{self.server.url}/v1/workflows", requests // 4, self.token)
        self.note("http_cpu_us_nghttpd", statistics.median(theirs), "µs/request")
        self.note("http_cpu_us_health", statistics.median(ours), "µs/request")
        # Authenticated, authorised, counted, with JSON of its own; no statement.
        self.note("http_cpu_us_authenticated", statistics.median(signed), "µs/request")
        self.note("http_cpu_us_authenticated_json", routed, "µs/request")
        self.note("http_cpu_ratio_to_nghttpd", statistics.median(ours) / statistics.median(theirs), "ratio")

    def h2load(self, pid, url, requests, token=None):
        """Server CPU a request in µs; the first tenth warms up and is not counted."""
        header = ["-H", f"authorization: Bearer {token}"] if token else []

        def go(count):
            out = subprocess.run(["h2load", "-n", str(count), "-c", "8", "-m", "50", *header, url], check=True, capture_output=True, text=True).stdout
            good = re.search(r"status codes: (\d+) 2xx", out)
            if not good or int(good.group(1)) != count:
                raise SystemExit(f"h2load {url}: not every answer was a success:\n{out}")

        go(max(400, requests // 10))
        before = cpu_seconds(pid)
        go(requests)
        return 1e6 * (cpu_seconds(pid) - before) / requests

    def idle(self):
        """A fresh server with one worker and one reader of events, at rest."""
        server = self.stage.server("idle")
        ready(server.url)
        worker = self.stage.worker("idle-worker", [server.url])
        client = Client(server.url, self.token)
        until("the worker is connected", lambda: client.call("GET", "/v1/workers")["workers"])
        port = int(server.url.rsplit(":", 1)[1])
        reader = self.reader(port)
        time.sleep(self.seconds(5))
        backends = self.backends_of(server)
        before = cpu_seconds(server.process.pid) + sum(map(cpu_seconds, backends))
        span = self.seconds(60)
        time.sleep(span)
        used = cpu_seconds(server.process.pid) + sum(map(cpu_seconds, backends)) - before
        self.note("idle_rss_mib", resident_mib(server.process.pid), "MiB")
        self.note("idle_cpu_percent", 100 * used / span, "% of a core")
        reader.close()
        worker.stop()
        server.stop()

    def backends_of(self, server):
        """PostgreSQL's processes that serve this server: those that the other server does not have."""
        rows = self.cluster.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name LIKE 'beamline%' AND backend_start > now() - interval '1 minute'")
        return [int(row[0]) for row in rows]

    def reader(self, port, receive_buffer=None):
        """An event stream that is opened and not read further."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(("127.0.0.1", port))
        connection.sendall(f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\nAccept: text/event-stream\r\n\r\n".encode())
        head = connection.recv(64)
        if b" 200 " not in head:
            raise SystemExit(f"/v1/events: {head!r}")
        return connection

    def readers(self):
        """1,000 event streams that nobody reads, at 1,000 events a second."""
        count, span = (100, 6) if self.quick else (1000, 60)
        worker = self.start_worker()
        client = [LOAD, "client", "--port", str(self.port), "--token", self.token, "--workflow", "bench/noop", "--warmup", "0", "--rate", "350"]
        subprocess.run([*client, "--seconds", "5", "--salt", "r0"], check=True, stdout=subprocess.DEVNULL)
        streams = [self.reader(self.port, receive_buffer=4096) for _ in range(count)]
        time.sleep(2)
        before = peak = resident_mib(self.server.process.pid)
        # A run makes about three changes (start with its lease, end): 350 a second are over 1,000 events a second.
        load = subprocess.Popen([*client, "--seconds", str(span), "--salt", "r1"], stdout=subprocess.DEVNULL)
        while load.poll() is None:
            peak = max(peak, resident_mib(self.server.process.pid))
            time.sleep(0.2)
        self.note("unread_sse_readers", count, "readers")
        self.note("unread_sse_growth_mib", peak - before, "MiB")
        for stream in streams:
            stream.close()
        self.end_worker(worker)

    def yardstick(self):
        """pgbench's TPC-B on the same cluster: by it figures of different days are compared."""
        self.cluster.sql("CREATE DATABASE yardstick", database="postgres")
        pgbench = os.path.join(self.cluster.bin, "pgbench")
        base = [pgbench, "-h", self.cluster.folder, "-U", "postgres"]
        subprocess.run([*base, "-i", "-q", "-s", "10", "yardstick"], check=True, capture_output=True)
        out = subprocess.run([*base, "-M", "prepared", "-c", "8", "-j", "2", "-T", str(self.seconds(30)), "yardstick"], check=True, capture_output=True, text=True).stdout
        self.note("yardstick_tpcb_tps", float(re.search(r"tps = ([\d.]+)", out).group(1)), "tps")


def main():
    parser = argparse.ArgumentParser(description="Measures Beamline as it is shipped.")
    parser.add_argument("--quick", action="store_true", help="short: for a look, not for figures")
    parser.add_argument("--only", default="yardstick,latency,throughput,batched,chain,diamond,burndown,dag,foreach,http,idle,readers")
    options = parser.parse_args()
    bench = None
    try:
        bench = Bench(options.quick)
        durable = ", ".join(f"{name} {bench.cluster.sql(f'SHOW {name}')[0][0]}" for name in ("fsync", "synchronous_commit", "full_page_writes"))
        print(f"PostgreSQL: {durable}; {os.cpu_count()} cores; everything on this machine")
        for name in options.only.split(","):
            getattr(bench, name)()
    finally:
        if bench:
            bench.end()
    results.add(bench.figures)
    print(f"wrote {os.path.relpath(results.PATH, ROOT)}")


if __name__ == "__main__":
    main()
