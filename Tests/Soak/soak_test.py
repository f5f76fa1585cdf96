"""Soak: minutes at half of the maximum rate. The server's memory must not grow.

    python3 Tests/Soak/soak_test.py [--minutes 10] [--rate RUNS-A-SECOND]

First a closed loop finds the maximum rate, with everything on this machine; then an open loop goes at half of it. The
server's resident memory is read each second. The slope is that of a line through the medians of each ten seconds, without
the first quarter, in which caches and pools fill. It fails above 1 MiB a minute (and 5 % of the memory an hour is less).
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RELEASE = os.environ.get("SOAK_BUILD", os.path.join(ROOT, ".build", "release"))
os.environ.setdefault("BEAMLINE", os.path.join(RELEASE, "beamline"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
from cluster import Cluster  # noqa: E402
from stage import LIVE_RUNS, Client, Stage, ready, until  # noqa: E402

LOAD = os.path.join(RELEASE, "beamline-load")
WORKFLOW = 'name: soak/noop\nsteps:\n  - { id: only, uses: noop, with: { at: "${{ inputs.at }}", n: "${{ inputs.n }}" } }\n'
MOST_MIB_A_MINUTE = 1.0


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def slope(points):
    """Of the least-squares line through (minutes, MiB)."""
    middle_x = statistics.fmean(x for x, _ in points)
    middle_y = statistics.fmean(y for _, y in points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def main():
    parser = argparse.ArgumentParser(description="Memory does not grow under load.")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES", "10")))
    parser.add_argument("--rate", type=int, default=int(os.environ.get("SOAK_RATE", "0")), help="runs a second; 0: half of the maximum")
    options = parser.parse_args()
    cluster = Cluster({"shared_buffers": "256MB", "max_wal_size": "8GB", "wal_compression": "lz4"})
    stage, worker = None, None
    try:
        stage = Stage(cluster, tempfile.mkdtemp(prefix="beamline-soak-"))
        server = stage.server()
        ready(server.url)
        port = server.url.rsplit(":", 1)[1]
        token, worker_token = stage.token("admin"), stage.token("worker")
        Client(server.url, token).apply(WORKFLOW)
        worker = subprocess.Popen([LOAD, "worker", "--port", port, "--token", worker_token, "--slots", "512"], stdout=subprocess.DEVNULL)
        until("the worker is connected", lambda: Client(server.url, token).call("GET", "/v1/workers")["workers"])
        ok = run(options, cluster, server, port, token)
    finally:
        if worker:
            worker.kill()
            worker.wait()
        if stage:
            stage.end()
        cluster.stop()
    sys.exit(0 if ok else 1)


def load(port, token, salt, *arguments):
    return subprocess.Popen(
        [LOAD, "client", "--port", port, "--token", token, "--workflow", "soak/noop", "--salt", salt, *arguments],
        stdout=subprocess.PIPE, text=True)


def drained(cluster):
    until("every run has ended", lambda: int(cluster.sql(LIVE_RUNS)[0][0]) == 0, 180)


def run(options, cluster, server, port, token):
    rate = options.rate
    if not rate:
        text, _ = load(port, token, "max", "--warmup", "5", "--seconds", "20").communicate(timeout=120)
        most = json.loads(text)["rate"]
        rate = max(1, int(most / 2))
        print(f"at most {most:.0f} runs a second; half of it from now on", flush=True)
        drained(cluster)
    pid, before = server.process.pid, resident_mib(server.process.pid)
    seconds = options.minutes * 60
    client = load(port, token, "soak", "--rate", str(rate), "--warmup", "0", "--seconds", str(int(seconds)))
    begin, samples = time.monotonic(), []
    while client.poll() is None and time.monotonic() < begin + seconds:
        samples.append(((time.monotonic() - begin) / 60, resident_mib(pid)))
        time.sleep(1)
    text, _ = client.communicate(timeout=180)
    answer = json.loads(text)
    drained(cluster)
    bins = {}
    for minute, memory in samples:
        bins.setdefault(int(minute * 6), []).append(memory)
    medians = [((number + 0.5) / 6, statistics.median(values)) for number, values in sorted(bins.items())]
    late = [point for point in medians if point[0] >= options.minutes / 4]
    growth = slope(late)
    runs = int(cluster.sql("SELECT count(*) FROM runs WHERE state = 5")[0][0])
    print("MiB every ten seconds: " + " ".join(f"{memory:.0f}" for _, memory in medians))
    print(
        f"{options.minutes:g} min at {rate} runs/s: {runs} runs, {answer['failed']} failed calls; memory {before:.0f} MiB before, "
        f"{late[0][1]:.0f} after a quarter, {late[-1][1]:.0f} MiB in the end; slope {growth:+.3f} MiB a minute")
    return growth <= MOST_MIB_A_MINUTE and not answer["failed"]


if __name__ == "__main__":
    main()
