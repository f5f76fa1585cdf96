"""One of 50 tenants floods the server: what do the others notice, and what does it get itself?

    Benchmarks/fairness.py [--tenants 50] [--rounds 5] [--seconds 20] [--rate 5] [--flood 256] [--together] [--quick]

Each tenant has a worker of its own. Three loads take turns, round by round, so that a machine that slows down slows all of
them: `quiet` (the others alone, each at a steady rate), `alone` (the flooding tenant alone, as fast as it is answered),
`flood` (both). Medians over the rounds of
  - the others' p99 from the scheduled send to the worker, with the flood against without it: at most 2,
  - the flooding tenant's runs a second, against what it gets alone less what the others take: at least 0.8.
The flooding tenant's client and worker are a process of their own, as the others' are not its guests either: what stands in the
queues inside a shared client says nothing of the server. `--together` has all in one process. All share the machine's cores with
the server and PostgreSQL; `sent_p99_ms` is what passes in the others' own process, under the flood, before the call.
`--quick` is one round of 8 s each.
Needs release builds of beamline and beamline-load (`Benchmarks/run` makes them), or those named by BEAMLINE and LOAD.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = os.path.join(ROOT, ".build", "release")
os.environ.setdefault("BEAMLINE", os.path.join(RELEASE, "beamline"))
LOAD = os.environ.get("LOAD", os.path.join(RELEASE, "beamline-load"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
from cluster import Cluster  # noqa: E402
from stage import LIVE_RUNS, Client, Stage, ready, until  # noqa: E402

WORKFLOW = """
name: bench/noop
steps:
  - { id: only, uses: noop, with: { at: "${{ inputs.at }}", n: "${{ inputs.n }}" } }
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=5, help="runs a second of each of the others")
    parser.add_argument("--flood", type=int, default=256, help="calls that the flooding tenant keeps under way")
    parser.add_argument("--together", action="store_true", help="the flooding tenant's client in the process of the others'")
    parser.add_argument("--quick", action="store_true", help="one round of 8 s each")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 8
    folder = tempfile.mkdtemp(prefix="beamline-fairness-")
    cluster = Cluster({"shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "wal_compression": "lz4"})
    stage = Stage(cluster, folder)
    try:
        run(options, cluster, stage, folder)
    finally:
        stage.end()
        cluster.stop()


def run(options, cluster, stage, folder):
    names = [f"t{number}" for number in range(options.tenants)]
    for name in names:
        cluster.sql(f"INSERT INTO tenants (name) VALUES ('{name}')")
    server = stage.server("server")
    ready(server.url)
    tokens = os.path.join(folder, "tokens")
    with open(tokens, "w") as file:
        for name in names:
            admin = stage.token("admin", tenant=name)
            Client(server.url, admin).apply(WORKFLOW)
            file.write(f"{admin} {stage.token('worker', tenant=name)}\n")

    def load(salt, rate, flood):
        parts = ["all"] if options.together else ["flood", "others"]
        loads = [subprocess.Popen(
            [LOAD, "tenants", "--port", server.url.rsplit(":", 1)[1], "--tokens", tokens, "--workflow", "bench/noop", "--rate", str(rate),
             "--flood", str(flood), "--seconds", str(options.seconds), "--salt", salt, "--part", part], stdout=subprocess.PIPE, text=True)
            for part in parts]
        outs = [load.communicate()[0] for load in loads]
        if any(load.returncode for load in loads):
            raise SystemExit("beamline-load has failed")
        until("every run has ended", lambda: int(cluster.sql(LIVE_RUNS)[0][0]) == 0, 120)
        first, last = json.loads(outs[0]), json.loads(outs[-1])
        return dict(last, flood_rate=first["flood_rate"], failed=sum(json.loads(out)["failed"] for out in outs))

    rounds = []
    for number in range(options.rounds):
        quiet = load(f"q{number}", options.rate, 0)
        alone = load(f"a{number}", 0, options.flood)
        flood = load(f"f{number}", options.rate, options.flood)
        left = alone["flood_rate"] - flood["others_rate"]
        rounds.append({
            "quiet_p99_ms": quiet["others"]["p99_ms"], "flood_p99_ms": flood["others"]["p99_ms"],
            "p99_ratio": flood["others"]["p99_ms"] / quiet["others"]["p99_ms"],
            "alone_rate": alone["flood_rate"], "flood_rate": flood["flood_rate"], "others_rate": flood["others_rate"],
            "sent_p99_ms": flood["sent"]["p99_ms"], "flood_p50_ms": flood["others"]["p50_ms"],
            "share_of_what_is_left": flood["flood_rate"] / left, "failed": quiet["failed"] + alone["failed"] + flood["failed"],
        })
        print(f"  round {number + 1}: " + ", ".join(f"{name} {value:,.2f}" for name, value in rounds[-1].items()), flush=True)
    for name in rounds[0]:
        print(f"  {name:<40} {statistics.median(entry[name] for entry in rounds):>14,.3f}")


if __name__ == "__main__":
    main()
