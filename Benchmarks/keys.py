"""Limits of keys over two server nodes and eight workers: exact, taken at once when free, and what a thousand of them cost.

    Benchmarks/keys.py [--runs 10000] [--rounds 5] [--throughput-runs 6000] [--only NAME]

  - `step`: one-step runs whose step has a key with limit 1; `run`: two-step runs with a wait between, whose run has one. The
    eight workers are in this process (official grpcio), so that one clock sees every step: how many of a key were at once (at
    most 1 is wanted), and how long a slot that somebody waits for stays free, from the worker's `Complete` to the next
    one's `Assign` (p99 at most 50 ms).
  - `throughput`: single-step runs under 1,000 keys with limit 1 against the same without, interleaved round by round, with
    workers of beamline-load; the median of the rounds' ratios (at least 0.6), from the first call to the last run's end.
  - lost races in 1,000 commits, of both nodes over the first two (less than 5).
Needs release builds of beamline and beamline-load (`Benchmarks/run` makes them), or those named by BEAMLINE and LOAD, and the
Python of scripts/python-tools.
"""

import argparse
import asyncio
import collections
import importlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = os.path.join(ROOT, ".build", "python", "bin", "python")
RELEASE = os.path.join(ROOT, ".build", "release")
os.environ.setdefault("BEAMLINE", os.path.join(RELEASE, "beamline"))
LOAD = os.environ.get("LOAD", os.path.join(RELEASE, "beamline-load"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
sys.path.insert(0, os.path.join(ROOT, "Benchmarks"))
import results  # noqa: E402
from cluster import Cluster  # noqa: E402
from stage import LIVE_RUNS, Client, Stage, ready, until  # noqa: E402

WORKFLOWS = {
    "step": """
name: bench/step-key
steps:
  - { id: only, uses: noop, with: { key: "${{ inputs.key }}", part: all }, concurrency: { key: "${{ inputs.key }}", limit: 1 } }
""",
    "run": """
name: bench/run-key
concurrency: { key: "${{ inputs.key }}", limit: 1 }
steps:
  - { id: first, uses: noop, with: { key: "${{ inputs.key }}", part: first } }
  - { id: nap, uses: wait, needs: [first], with: { for: 1ms } }
  - { id: last, uses: noop, needs: [nap], with: { key: "${{ inputs.key }}", part: last } }
""",
    "free": """
name: bench/free
steps:
  - { id: only, uses: noop, with: { at: "${{ inputs.at }}", n: "${{ inputs.n }}" } }
""",
    "keyed": """
name: bench/keyed
steps:
  - id: only
    uses: noop
    with: { at: "${{ inputs.at }}", n: "${{ inputs.n }}" }
    concurrency: { key: "${{ string(inputs.at % 1000) }}", limit: 1 }
""",
}


class Watch:
    """What is under way at the workers, by key."""

    def __init__(self):
        self.under_way, self.most = collections.Counter(), 0
        self.begun, self.acknowledged, self.ended = collections.Counter(), collections.Counter(), 0
        self.freed, self.gaps = {}, []

    def began(self, key):
        now = time.monotonic()
        self.begun[key] += 1
        self.under_way[key] += 1
        self.most = max(self.most, self.under_way[key])
        if key in self.freed:
            self.gaps.append(now - self.freed.pop(key))

    def end(self, key):
        self.under_way[key] -= 1
        self.ended += 1
        # Only a slot that somebody waits for can be taken late.
        if self.acknowledged[key] > self.begun[key]:
            self.freed[key] = time.monotonic()

    def percentile(self, share):
        gaps = sorted(self.gaps)
        return 1000 * gaps[min(len(gaps) - 1, int(len(gaps) * share))]


class Worker:
    """One session of the worker protocol."""

    def __init__(self, m, grpc, url, token, name, watch):
        self.m, self.watch, self.name, self.held = m, watch, name, {}
        self.channel = grpc.aio.insecure_channel(url)
        self.metadata = (("authorization", "Bearer " + token),)
        self.out = asyncio.Queue()

    def send(self, **kind):
        self.out.put_nowait(self.m.WorkerMessage(**kind))

    async def messages(self):
        m = self.m
        yield m.WorkerMessage(hello=m.Hello(
            worker=self.name, session=random.randbytes(16), protocol_versions=[1], software_version="keys",
            task_types=[m.TaskType(name="noop", pool="io")], pools=[m.Pool(name="io", slots=16)]))
        while True:
            yield await self.out.get()

    async def beat(self):
        while True:
            await asyncio.sleep(3)
            self.send(heartbeat=self.m.Heartbeat(held=len(self.held)))

    async def perform(self, task, key, part):
        m = self.m
        if part != "last":
            self.watch.began(key)
        self.send(started=m.Started(task=task))
        # Others that are let in too early have a moment to show themselves.
        await asyncio.sleep(0.001)
        if part != "first":
            self.watch.end(key)
        self.send(complete=m.Complete(task=task, output=b"{}"))

    async def serve(self, stub):
        asyncio.ensure_future(self.beat())
        tasks = set()
        async for message in stub(self.channel).Connect(self.messages(), metadata=self.metadata):
            kind = message.WhichOneof("kind")
            if kind == "assign":
                task = message.assign.task
                self.held[task.idempotency_key] = task
                given = json.loads(message.assign.input)
                one = asyncio.ensure_future(self.perform(task, given["key"], given["part"]))
                tasks.add(one)
                one.add_done_callback(tasks.discard)
            elif kind == "ack":
                self.held.pop(message.ack.task.idempotency_key, None)
            elif kind == "revoke":
                self.held.pop(message.revoke.task.idempotency_key, None)
            elif kind == "inventory":
                self.send(inventory=self.m.Inventory(held=list(self.held.values())))


def modules(folder):
    from grpc_tools import protoc

    names = ["run", "worker"]
    status = protoc.main(["protoc", f"-I{ROOT}/Protos", f"--python_out={folder}", f"--grpc_python_out={folder}"]
                         + [f"beamline/v1/{name}.proto" for name in names])
    if status != 0:
        raise SystemExit(f"protoc: {status}")
    sys.path.insert(0, folder)
    return {name + end: importlib.import_module(f"beamline.v1.{name}_pb2{end}") for name in names for end in ("", "_grpc")}


async def exact(kind, keys, runs, servers, tokens, m):
    """Runs under few keys; answers what the workers saw."""
    import grpc

    watch = Watch()
    ports = [server.url.split("//")[1] for server in servers]
    workers = [Worker(m["worker"], grpc, ports[n % 2], tokens["worker"], f"w{n}", watch) for n in range(8)]
    serving = [asyncio.ensure_future(worker.serve(m["worker_grpc"].WorkerServiceStub)) for worker in workers]
    await asyncio.sleep(1)
    metadata = (("authorization", "Bearer " + tokens["admin"]),)
    channels = [grpc.aio.insecure_channel(port) for port in ports]
    stubs = [m["run_grpc"].RunServiceStub(channel) for channel in channels]
    begun = time.monotonic()

    async def submit(first):
        for start in range(first, runs, 400):
            chosen = [f"k{number % keys}" for number in range(start, min(start + 100, runs))]
            request = m["run"].StartRunsRequest(runs=[
                m["run"].StartRunRequest(workflow=f"bench/{kind}-key", input=json.dumps({"key": key}).encode())
                for key in chosen])
            answer = await stubs[start // 100 % 2].StartRuns(request, metadata=metadata, timeout=120)
            for key, item in zip(chosen, answer.items):
                if item.WhichOneof("outcome") != "started":
                    raise SystemExit(f"a run was refused: {item.error.code} {item.error.message}")
                watch.acknowledged[key] += 1

    submitting = asyncio.gather(*[submit(first) for first in range(0, min(runs, 400), 100)])
    while watch.ended < runs:
        for task in serving:
            if task.done():
                task.result()
                raise SystemExit("a worker's stream has ended")
        if time.monotonic() - begun > 900:
            raise SystemExit(f"after 15 minutes {watch.ended} of {runs} runs had ended")
        await asyncio.sleep(0.05)
    await submitting
    took = time.monotonic() - begun
    for task in serving:
        task.cancel()
    for channel in channels + [worker.channel for worker in workers]:
        await channel.close()
    return watch, took


def counted(servers, token, name):
    total = 0.0
    for server in servers:
        request = urllib.request.Request(f"{server.url}/metrics", headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name + " "):
                    total += float(line.split()[1])
    return total


def throughput(options, cluster, servers, tokens, salt, workflow):
    """Completed runs a second of both nodes together."""
    begun = time.monotonic()
    clients = [
        subprocess.Popen(
            [LOAD, "client", "--port", server.url.rsplit(":", 1)[1], "--token", tokens["admin"], "--workflow", workflow, "--warmup", "0",
             "--connections", "4", "--count", str(options.throughput_runs // 2), "--salt", f"{salt}{number}"], stdout=subprocess.PIPE, text=True)
        for number, server in enumerate(servers)]
    answers = [json.loads(client.communicate()[0]) for client in clients]
    made = sum(answer["acknowledged"] for answer in answers)
    until("every run has ended", lambda: cluster.sql(LIVE_RUNS) == [["0"]], 120)
    return made / (time.monotonic() - begun)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--throughput-runs", type=int, default=20_000)
    parser.add_argument("--only", choices=["step", "run", "throughput"])
    options = parser.parse_args()
    try:
        importlib.import_module("grpc_tools")
    except ModuleNotFoundError:
        if os.path.realpath(sys.prefix) == os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
            raise
        os.execv(PYTHON, [PYTHON, *sys.argv])
    folder = tempfile.mkdtemp(prefix="beamline-keys-")
    cluster = Cluster({"shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "wal_compression": "lz4"})
    stage = Stage(cluster, folder)
    try:
        run(options, cluster, stage, folder)
    finally:
        stage.end()
        cluster.stop()


def run(options, cluster, stage, folder):
    servers = [stage.server(f"server-{number}") for number in range(2)]
    for server in servers:
        ready(server.url)
    tokens = {"admin": stage.token("admin"), "worker": stage.token("worker")}
    for text in WORKFLOWS.values():
        Client(servers[0].url, tokens["admin"]).apply(text)
    figures = []

    def figure(name, value, unit):
        figures.append({"name": name, "value": value, "unit": unit})
        print(f"  {name:<40} {value:>14,.3f} {unit}", flush=True)

    m = modules(folder)
    for kind in ["step", "run"]:
        if options.only not in (None, kind):
            continue
        watch, took = asyncio.run(exact(kind, options.keys, options.runs, servers, tokens, m))
        until("every run has ended", lambda: cluster.sql(LIVE_RUNS) == [["0"]], 60)
        states = cluster.sql("SELECT state, count(*) FROM runs GROUP BY state")
        if [state for state, _ in states] != ["5"]:
            raise SystemExit(f"not every run has succeeded: {states}")
        figure(f"keys_{kind}_most_at_once", watch.most, "runs")
        figure(f"keys_{kind}_slot_taken_p50_ms", watch.percentile(0.5), "ms")
        figure(f"keys_{kind}_slot_taken_p99_ms", watch.percentile(0.99), "ms")
        figure(f"keys_{kind}_slot_taken_max_ms", watch.percentile(1), "ms")
        figure(f"keys_{kind}_rate", options.runs / took, "runs/s")
    commits = counted(servers, tokens["admin"], "beamline_commits_total")
    if commits:
        races = counted(servers, tokens["admin"], "beamline_lost_races_total")
        figure("keys_lost_races_per_1000_commits", 1000 * races / commits, "")
    if options.only in (None, "throughput"):
        workers = []
        for number in range(8):
            port = servers[number % 2].url.rsplit(":", 1)[1]
            workers.append(subprocess.Popen(
                [LOAD, "worker", "--port", port, "--token", tokens["worker"], "--slots", "32", "--name", f"t{number}"],
                stdout=subprocess.DEVNULL))
        try:
            time.sleep(2)
            throughput(options, cluster, servers, tokens, "warm", "bench/free")
            ratios, free, keyed = [], [], []
            for number in range(options.rounds):
                free.append(throughput(options, cluster, servers, tokens, f"f{number}", "bench/free"))
                keyed.append(throughput(options, cluster, servers, tokens, f"k{number}", "bench/keyed"))
                ratios.append(keyed[-1] / free[-1])
                print(f"  round {number + 1}: {free[-1]:,.0f} free, {keyed[-1]:,.0f} keyed, ratio {ratios[-1]:.2f}", flush=True)
            figure("keys_throughput_free", statistics.median(free), "runs/s")
            figure("keys_throughput_keyed", statistics.median(keyed), "runs/s")
            figure("keys_throughput_ratio", statistics.median(ratios), "")
        finally:
            for worker in workers:
                worker.terminate()
                worker.wait(10)
    results.add(figures)


if __name__ == "__main__":
    main()
