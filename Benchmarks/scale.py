"""What many cost: 10,000 idle event streams and worker streams, a backlog of a million ready steps, a million stored runs.

    Benchmarks/scale [--quick] [--only events,workers,backlog,held,stored] [--backlog 1000000] [--streams 10000]

Prints a table and puts the figures into .build/bench.json beside those of Benchmarks/run. `--quick` takes a
hundredth of the streams and a twentieth of the steps: for a look, not for figures.
"""

import argparse
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

import results
from bench import LOAD, Bench, Client, cpu_seconds, ready, resident_mib, until

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = 10_000  # ready steps of the backlog to which others are compared


class Streams:
    """Benchmarks/streams.py as a process of its own."""

    def __init__(self, kind, port, token, count):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "streams.py"), kind, "--port", str(port), "--token", token, "--count", str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the streams ended early with {self.process.wait()}; what they said stands above")
        return json.loads(line)

    def expect(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.answer()

    def end(self):
        if self.process.poll() is not None:
            raise SystemExit(f"the streams ended early with {self.process.returncode}; what they said stands above")
        self.process.kill()
        self.process.wait()


class Scale(Bench):
    def __init__(self, options):
        super().__init__(options.quick)
        self.streams = options.streams // 100 if options.quick else options.streams
        self.backlog_size = options.backlog // 20 if options.quick else options.backlog
        self.fills, self.open_streams = 0, []

    def end(self):
        for streams in self.open_streams:
            streams.process.kill()
            streams.process.wait()
        super().end()

    def counters(self, *names):
        """Counters, each over all its labels."""
        request = urllib.request.Request(f"{self.server.url}/metrics", headers={"authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        return [sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)) for name in names]

    # Idle streams

    def idle_streams(self, kind, token):
        """A fresh server, so that nothing of earlier measurements is in its memory."""
        server = self.stage.server(f"scale-{kind}")
        ready(server.url)
        pid = server.process.pid
        time.sleep(1)
        before = resident_mib(pid)
        begin = time.monotonic()
        streams = Streams(kind, int(server.url.rsplit(":", 1)[1]), token, self.streams)
        self.open_streams.append(streams)
        again = streams.answer()["again"]
        self.note(f"{kind}_opening_s", time.monotonic() - begin, "s")
        self.note(f"{kind}_opened_again", again, "streams")
        time.sleep(self.seconds(20))
        span, used = self.seconds(20), cpu_seconds(pid)
        time.sleep(span)
        percent = 100 * (cpu_seconds(pid) - used) / span
        return server, streams, before, resident_mib(pid), percent

    def close(self, server, streams):
        streams.end()
        self.open_streams.remove(streams)
        server.stop()

    def events(self):
        server, streams, before, with_them, percent = self.idle_streams("events", self.token)
        self.note("sse_10k_streams", self.streams, "streams")
        self.note("sse_10k_mib", with_them, "MiB")
        self.note("sse_10k_growth_mib", with_them - before, "MiB")
        self.note("sse_10k_cpu_percent", percent, "% of a core")
        client, firsts, lasts, used = Client(server.url, self.token), [], [], []
        # No worker is there: a start is one change of a run.
        for number in range(5):
            streams.expect()
            cpu, begin = cpu_seconds(server.process.pid), time.time()
            client.start("bench/noop", n=f"fan-{number}", at=0)
            answer = streams.answer()
            firsts.append(1000 * (answer["first_at"] - begin))
            lasts.append(1000 * (answer["last_at"] - begin))
            time.sleep(0.5)
            used.append(1000 * (cpu_seconds(server.process.pid) - cpu))
        self.note("sse_10k_first_ms", statistics.median(firsts), "ms")
        self.note("sse_10k_last_ms", statistics.median(lasts), "ms")
        self.note("sse_10k_fan_out_cpu_ms", statistics.median(used), "ms")
        self.note("sse_10k_after_fan_out_mib", resident_mib(server.process.pid), "MiB")
        self.close(server, streams)
        self.empty()

    def workers_idle(self):
        server, streams, before, with_them, percent = self.idle_streams("workers", self.worker_token)
        self.note("worker_10k_streams", self.streams, "streams")
        self.note("worker_10k_mib", with_them, "MiB")
        self.note("worker_10k_growth_mib", with_them - before, "MiB")
        self.note("worker_10k_cpu_percent", percent, "% of a core")
        self.close(server, streams)

    # Backlogs

    def fill(self, count):
        """`count` ready steps through the API, 50 in a call; no worker is there."""
        self.fills += 1
        base = self.runs()
        subprocess.run(
            [LOAD, "client", "--port", str(self.port), "--token", self.token, "--workflow", "bench/noop", "--warmup", "0",
             "--connections", "8", "--in-flight", "2", "--batch", "50", "--count", str(count), "--salt", f"f{self.fills}"],
            check=True, stdout=subprocess.DEVNULL)
        self.cluster.sql("CHECKPOINT")
        return self.runs() - base

    def burn(self, count):
        """Samples (seconds, claimed, ended) while a worker takes all of `count` ready steps."""
        names = ("beamline_claimed_tasks_total", "beamline_runs_ended_total")
        before = self.counters(*names)
        worker, begin, samples = self.start_worker(), time.monotonic(), []
        while True:
            claimed, ended = (value - old for value, old in zip(self.counters(*names), before))
            samples.append((time.monotonic() - begin, claimed, ended))
            if samples[-1][2] >= count:
                break
            if worker.poll() is not None or time.monotonic() - begin > 900:
                raise SystemExit(f"the backlog was not burnt down: {samples[-1]}")
            time.sleep(0.02)
        self.end_worker(worker)
        return samples

    @staticmethod
    def rate(samples, count, begin, end):
        """Steps claimed a second while the share of them that is claimed goes from `begin` to `end`."""
        inside = [sample for sample in samples if begin * count <= sample[1] <= end * count]
        if len(inside) < 2:
            raise SystemExit(f"only {len(inside)} samples between {begin:.0%} and {end:.0%}: the backlog is too small")
        return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])

    def empty(self):
        """Runs that earlier measurements have left are worked off."""
        if int(self.cluster.sql("SELECT count(*) FROM ready")[0][0]):
            worker = self.start_worker()
            until("all is done", lambda: self.cluster.sql("SELECT count(*) FROM ready")[0][0] == "0", 600)
            self.end_worker(worker)

    def small_rate(self):
        """The claim rate with 10,000 ready, the median of five."""
        if not hasattr(self, "small"):
            rates = []
            for _ in range(5):
                count = self.fill(SMALL)
                rates.append(self.rate(self.burn(count), count, 0.05, 0.95))
            self.small = statistics.median(rates)
            self.note("claims_per_s_10k", self.small, "steps/s")
        return self.small

    def big_rates(self, name):
        small, count = self.small_rate(), self.fill(self.backlog_size)
        samples = self.burn(count)
        rates = {"start": (0.01, 0.06), "middle": (0.47, 0.53), "end": (0.94, 0.99)}
        if self.quick:
            rates = {"start": (0.05, 0.3), "middle": (0.35, 0.65), "end": (0.7, 0.95)}
        rates = {place: self.rate(samples, count, *share) for place, share in rates.items()}
        for place, rate in rates.items():
            self.note(f"claims_per_s_{name}_{place}", rate, "steps/s")
        self.note(f"burn_{name}_steps_per_s", samples[-1][2] / samples[-1][0], "steps/s")
        return min(rates.values()) / small

    def backlog(self):
        self.note("claim_ratio_1m", self.big_rates("1m"), "ratio")
        self.hot()

    def held(self):
        """The same while another session holds a snapshot from before the backlog: nothing that dies can be cleaned up."""
        self.small_rate()
        holder = subprocess.Popen(
            [os.path.join(self.cluster.bin, "psql"), "-h", self.cluster.folder, "-U", "postgres", "-d", "beamline", "-X", "-q", "-t", "-A"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            holder.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM tenants;\n")
            holder.stdin.flush()
            holder.stdout.readline()
            ratio = self.big_rates("held_snapshot")
            held = self.cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND backend_xmin IS NOT NULL")
            if held[0][0] != "1":
                raise SystemExit("the snapshot was not held to the end")
        finally:
            holder.kill()
            holder.wait()
        self.note("claim_ratio_held_snapshot", ratio, "ratio")

    def hot(self):
        """The share of updates of runs that needed no new entry in an index."""
        time.sleep(2)  # the statistics come late
        updated, hot = self.cluster.sql("""
            SELECT coalesce(sum(n_tup_upd), 0), coalesce(sum(n_tup_hot_upd), 0) FROM pg_stat_user_tables
            WHERE relname LIKE 'runs%'""")[0]
        if int(updated):
            self.note("hot_ratio_1m", int(hot) / int(updated), "ratio")
            self.note("runs_updates", int(updated), "updates")

    def stored(self):
        """A fresh server beside a million stored runs."""
        if (missing := self.backlog_size - self.runs()) > 0:
            self.fill(missing)
            self.empty()
        server = self.stage.server("scale-stored")
        ready(server.url)
        Client(server.url, self.token).call("GET", "/v1/runs")
        time.sleep(self.seconds(20))
        span, used = self.seconds(20), cpu_seconds(server.process.pid)
        time.sleep(span)
        self.note("stored_runs", self.runs(), "runs")
        self.note("stored_1m_idle_mib", resident_mib(server.process.pid), "MiB")
        self.note("stored_1m_idle_cpu_percent", 100 * (cpu_seconds(server.process.pid) - used) / span, "% of a core")
        server.stop()


def main():
    parser = argparse.ArgumentParser(description="What many streams, ready steps and stored runs cost.")
    parser.add_argument("--quick", action="store_true", help="a small part of everything: for a look, not for figures")
    parser.add_argument("--only", default="events,workers,backlog,stored,held")
    parser.add_argument("--backlog", type=int, default=1_000_000, help="ready steps (1,000,000)")
    parser.add_argument("--streams", type=int, default=10_000, help="idle streams (10,000)")
    options = parser.parse_args()
    # The server and the streams have a descriptor for each connection.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.streams + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"{options.streams} streams need {wanted} open files and the limit is {hard}: raise it with ulimit -Hn, or use --streams")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    # Whoever ends it finds no cluster and no server left.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(f"ended by {signal.Signals(number).name}"))
    scale = None
    try:
        scale = Scale(options)
        measurements = {"workers": scale.workers_idle}
        for name in options.only.split(","):
            measurements.get(name, getattr(scale, name, None))()
    finally:
        if scale:
            scale.end()
            # What was measured before a failure is as good as ever.
            if not options.quick:
                results.add(scale.figures)


if __name__ == "__main__":
    main()
