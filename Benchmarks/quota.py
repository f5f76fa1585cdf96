"""A quota of 100 active runs under 32 submitters on two server nodes: exact, and how soon a freed place is taken.

    Benchmarks/quota.py [--quota 100] [--submitters 32] [--places 300] [--pause 20]

The submitters try without end, each after a pause of so many milliseconds when it is refused (`quota_exceeded`); one run after
the other is cancelled, by the two nodes in turns. All clients are in this process, so that one clock sees them:
  - `quota_most_active`: runs accepted and not yet being cancelled, at most (the quota is wanted, and never more),
  - `quota_place_taken_p50_ms`, `…_p99_ms`, `…_max_ms`: from the cancel's answer to the answer of the start that took the
    place (p99 at most 50 ms), with `quota_place_seen_p99_ms` of it before that start was sent, for want of a submitter.
Needs a release build of beamline (`Benchmarks/run` makes it), or the one named by BEAMLINE.
"""

import argparse
import asyncio
import collections
import json
import os
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("BEAMLINE", os.path.join(ROOT, ".build", "release", "beamline"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
sys.path.insert(0, os.path.join(ROOT, "Benchmarks"))
import results  # noqa: E402
from cluster import Cluster  # noqa: E402
from stage import LIVE_RUNS, Client, Stage, ready  # noqa: E402

# Nobody serves its step, so a run is active until it is cancelled.
WORKFLOW = "name: bench/still\nsteps: [{ id: only, uses: noop }]\n"


class Connection:
    """One kept connection; the next call begins when the last one was answered."""

    def __init__(self, url, token):
        self.address, self.token = urllib.parse.urlsplit(url), token
        self.streams = None

    async def post(self, path, body):
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.address.hostname, self.address.port)
        reader, writer = self.streams
        content = json.dumps(body).encode()
        writer.write(
            f"POST {path} HTTP/1.1\r\nhost: {self.address.netloc}\r\nauthorization: Bearer {self.token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")), 0)
        return int(head[0].split(" ")[1]), json.loads(await reader.readexactly(length) or b"null")


class Places:
    """Which runs are active, and since when a place is free."""

    def __init__(self, quota):
        self.quota, self.active, self.count, self.most = quota, collections.deque(), 0, 0
        self.freed, self.taken = None, asyncio.Event()
        self.gaps, self.unseen, self.refusals = [], [], 0

    def started(self, run, sent):
        now = time.monotonic()
        self.active.append(run)
        self.count += 1
        self.most = max(self.most, self.count)
        if self.count < self.quota:
            return
        if self.freed is not None:
            self.gaps.append(now - self.freed)
            self.unseen.append(max(0, sent - self.freed))
        self.freed = None
        self.taken.set()


async def submit(url, token, places, pause):
    connection = Connection(url, token)
    while True:
        sent = time.monotonic()
        status, body = await connection.post("/v1/runs", {"workflow": "bench/still", "input": {}})
        if status in (200, 201, 202):
            places.started(body["id"], sent)
            continue
        if status != 429:
            raise SystemExit(f"a start was answered {status}: {body}")
        places.refusals += 1
        await asyncio.sleep(pause)


async def measure(options, urls, token):
    places = Places(options.quota)
    submitters = [
        asyncio.create_task(submit(urls[number % len(urls)], token, places, options.pause / 1000))
        for number in range(options.submitters)
    ]
    closers = [Connection(url, token) for url in urls]
    try:
        await asyncio.wait_for(places.taken.wait(), 60)
        for number in range(options.places):
            places.taken.clear()
            # From now on its place may be taken.
            places.count -= 1
            run = places.active.popleft()
            status, body = await closers[number % len(closers)].post(f"/v1/runs/{run}/cancel", {})
            if status not in (200, 202):
                raise SystemExit(f"a cancel was answered {status}: {body}")
            if places.count < options.quota:
                places.freed = time.monotonic()
            else:
                # Taken before the answer had come.
                places.gaps.append(0)
                places.unseen.append(0)
            await asyncio.wait_for(places.taken.wait(), 60)
        return places
    finally:
        for task in submitters:
            task.cancel()
        for ended in await asyncio.gather(*submitters, return_exceptions=True):
            if isinstance(ended, (Exception, SystemExit)) and not isinstance(ended, asyncio.CancelledError):
                raise ended


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quota", type=int, default=100)
    parser.add_argument("--submitters", type=int, default=32)
    parser.add_argument("--places", type=int, default=300, help="places that are freed, one after the other")
    parser.add_argument("--pause", type=float, default=20, help="milliseconds after which a refused submitter tries again")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="beamline-quota-")
    cluster = Cluster()
    stage = Stage(cluster, folder)
    try:
        servers = [stage.server(f"server{number}") for number in range(2)]
        for server in servers:
            ready(server.url)
        token = stage.token("admin")
        client = Client(servers[0].url, token)
        client.apply(WORKFLOW)
        Client(servers[0].url, stage.token("platform-admin")).call(
            "PUT", "/v1/tenants/default/quotas", {"limits": {"active_runs": options.quota}})
        time.sleep(2)  # Both nodes have read it.
        places = asyncio.run(measure(options, [server.url for server in servers], token))
        left = int(cluster.sql(LIVE_RUNS)[0][0])
    finally:
        stage.end()
        cluster.stop()

    figures = []

    def figure(name, value, unit):
        figures.append({"name": name, "value": value, "unit": unit})
        print(f"  {name:<36} {value:>12,.3f} {unit}", flush=True)

    def percentile(values, share):
        return 1000 * sorted(values)[min(len(values) - 1, int(len(values) * share))]

    figure("quota_most_active", places.most, "runs")
    figure("quota_place_taken_p50_ms", percentile(places.gaps, 0.5), "ms")
    figure("quota_place_taken_p99_ms", percentile(places.gaps, 0.99), "ms")
    figure("quota_place_taken_max_ms", percentile(places.gaps, 1), "ms")
    figure("quota_place_seen_p99_ms", percentile(places.unseen, 0.99), "ms")
    figure("quota_refusals", places.refusals, "")
    results.add(figures)
    if places.most != options.quota or left > options.quota:
        raise SystemExit(f"{places.most} runs were active, {left} at the end: {options.quota} is the quota")


if __name__ == "__main__":
    main()
