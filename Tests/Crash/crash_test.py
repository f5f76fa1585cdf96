"""The crash test: real servers, workers and PostgreSQL, killed with -9 at random moments under load.

    python3 Tests/Crash/crash_test.py [--runs 200] [--kills 24] [--seed N] [--keep]

Two servers, three workers, one fully durable cluster. Clients start runs with idempotency keys and retry until they are
acknowledged. Each step appends `run step attempt session` to a file and syncs it. Afterwards:

  * every acknowledged run ended, and succeeded;
  * there are as many runs as distinct keys;
  * each recorded success has its line in the file;
  * a step that was executed again has a higher attempt each time, and each execution without a recorded outcome is
    explained by a kill: its attempt is recorded as lost, or its lease was given back;
  * every live step had its token, no ended run has one (the schema's own audit).
"""

import argparse
import collections
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Support"))
from cluster import Cluster  # noqa: E402
from stage import LIVE_RUNS, RUN_STATES, STEP_STATES, Client, Stage, ready, run_text  # noqa: E402

WORKFLOW = """
name: crash/ledger
inputs:
  type: object
  required: [ledger]
  properties: { ledger: { type: string } }
retry: { strategy: fixed, delay: 300ms, max_attempts: 10 }
steps:
  - { id: first, uses: shell, with: { command: [sh, "%(step)s", "${{ inputs.ledger }}"] } }
  - { id: flaky, needs: [first], uses: shell, with: { command: [sh, "%(flaky)s", "${{ inputs.ledger }}"] } }
  - { id: left, needs: [flaky], uses: shell, with: { command: [sh, "%(step)s", "${{ inputs.ledger }}"] } }
  - { id: right, needs: [flaky], uses: shell, with: { command: [sh, "%(step)s", "${{ inputs.ledger }}"] } }
  - { id: join, needs: [left, right], uses: shell, with: { command: [sh, "%(step)s", "${{ inputs.ledger }}"] } }
  - { id: last, needs: [join], uses: shell, with: { command: [sh, "%(step)s", "${{ inputs.ledger }}"] } }
"""

STEP = """#!/bin/sh
printf '%s %s %s %s\\n' "$BEAMLINE_RUN_ID" "$BEAMLINE_STEP_ID" "$BEAMLINE_ATTEMPT" "$BEAMLINE_SESSION" >> "$1" && sync "$1"
"""
# The first attempt that reaches the ledger fails, so that every run goes through a retry timer.
FLAKY = (
    STEP
    + """
count=$(grep -c "^$BEAMLINE_RUN_ID flaky " "$1")
[ "$count" -gt 1 ]
"""
)


def submit(urls, token, key, ledger, acknowledged, deadline):
    body = json.dumps({"workflow": "crash/ledger", "input": {"ledger": ledger}}).encode()
    tries = 0
    while time.monotonic() < deadline:
        url = urls[(tries + hash(key)) % len(urls)]
        tries += 1
        request = urllib.request.Request(
            f"{url}/v1/runs",
            data=body,
            method="POST",
            headers={"authorization": f"Bearer {token}", "content-type": "application/json", "idempotency-key": key},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                run = json.load(answer)["id"]
                acknowledged.setdefault(key, set()).add(run)
                return
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise SystemExit(f"submission refused: {error.code} {error.read().decode()}")
        except (OSError, ValueError):
            pass  # killed, not yet back, or the answer was cut off: the same key is sent again
        time.sleep(0.05)
    raise SystemExit(f"{key} was not acknowledged in time")


def main():
    parser = argparse.ArgumentParser(description="Kills servers, workers and PostgreSQL under load; loses nothing.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and ledger")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)

    folder = tempfile.mkdtemp(prefix="beamline-crash-")
    cluster = Cluster()
    stages = []
    try:
        ok = run(options, dice, folder, cluster, stages)
    except BaseException:
        options.keep = True
        raise
    finally:
        for stage in stages:
            stage.end()
        cluster.stop()
        if options.keep:
            print(f"logs and ledger: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if ok else 1)


def run(options, dice, folder, cluster, stages):
    durable = {name: cluster.sql(f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit", "full_page_writes")}
    print("durability: " + ", ".join(f"{name} {value}" for name, value in durable.items()))
    if any(value != "on" for value in durable.values()):
        raise SystemExit("the cluster under test is not durable")

    stage = Stage(cluster, folder)
    stages.append(stage)
    processes = stage.processes
    servers = [stage.server(f"server-{index}") for index in range(2)]
    urls = [server.url for server in servers]
    for index in range(3):
        stage.worker(f"worker-{index}", urls if index % 2 == 0 else urls[::-1], "--cpu", "4", "--io", "4")
    for url in urls:
        ready(url)
    client_token = stage.token("developer")
    apply(Client(urls[0], client_token), folder)
    ledger = os.path.join(folder, "ledger")
    open(ledger, "w").close()

    begin = time.monotonic()
    deadline = begin + 600
    acknowledged = {}
    failures = []
    wanted = [f"key-{options.seed}-{index}" for index in range(options.runs)]
    # Submission goes on during the first two thirds of the kills.
    pace = 1.2 * options.kills / options.runs * 0.66

    def submitter(part):
        try:
            for index, key in enumerate(part):
                due = begin + (index * 4 + 1) * pace
                time.sleep(max(0, due - time.monotonic()))
                submit(urls, client_token, key, ledger, acknowledged, deadline)
        except SystemExit as error:
            failures.append(str(error))

    submitters = [threading.Thread(target=submitter, args=(wanted[start::4],)) for start in range(4)]
    for thread in submitters:
        thread.start()

    kills = collections.Counter()
    for number in range(options.kills):
        time.sleep(dice.uniform(0.4, 1.6))
        kind = dice.choices(["server", "worker", "postgres"], weights=[4, 4, 2])[0] if number > 2 else ["server", "worker", "postgres"][number]
        if kind == "postgres":
            cluster.kill()
            time.sleep(dice.uniform(0, 0.8))
            cluster.start()
        else:
            victim = dice.choice([process for process in processes if process.name.startswith(kind)])
            victim.kill()
            time.sleep(dice.uniform(0, 0.8))
            victim.start()
        kills[kind] += 1
    print("kills: " + ", ".join(f"{name} {count}" for name, count in sorted(kills.items())), flush=True)

    for thread in submitters:
        thread.join()
    if failures:
        raise SystemExit("\n".join(failures))
    wait_ended(cluster, options.runs, deadline)
    took = time.monotonic() - begin
    for process in processes:
        process.stop()
    return check(cluster, wanted, acknowledged, ledger, took)


def apply(client, folder):
    scripts = {}
    for name, text in (("step", STEP), ("flaky", FLAKY)):
        scripts[name] = os.path.join(folder, f"{name}.sh")
        with open(scripts[name], "w") as file:
            file.write(text)
    client.apply(WORKFLOW % scripts)


def wait_ended(cluster, runs, deadline):
    while True:
        live = int(cluster.sql(LIVE_RUNS)[0][0])
        total = int(cluster.sql("SELECT count(*) FROM runs")[0][0])
        if live == 0 and total >= runs:
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"{live} of {total} runs have not ended in time")
        time.sleep(0.5)


def check(cluster, wanted, acknowledged, ledger, took):
    problems = []
    runs = {run_text(run): RUN_STATES[int(state)] for run, state in cluster.sql("SELECT run, state FROM runs")}
    if set(acknowledged) != set(wanted):
        problems.append(f"{len(wanted) - len(acknowledged)} keys were not acknowledged")
    for key, ids in acknowledged.items():
        if len(ids) != 1:
            problems.append(f"{key} was answered with different runs: {ids}")
        for run in ids:
            if runs.get(run) != "succeeded":
                problems.append(f"{key}: acknowledged run {run} is {runs.get(run, 'missing')}")
    if len(runs) != len(wanted):
        problems.append(f"{len(runs)} runs for {len(wanted)} keys")

    history = [
        (run, step, attempt, STEP_STATES[int(state)])
        for run, step, attempt, state in cluster.sql("SELECT run, step, attempt, state FROM steps WHERE attempt > 0")
    ] + [(run, step, attempt, "lost") for run, step, attempt in cluster.sql("SELECT run, step, attempt FROM lost_attempts")]
    names = ["first", "flaky", "left", "right", "join", "last"]
    outcome = {(run_text(run), names[int(step)], int(attempt)): state for run, step, attempt, state in history}
    lines = collections.defaultdict(list)
    torn = 0
    with open(ledger) as file:
        for line in file:
            fields = line.split()
            if len(fields) != 4:
                torn += 1
                continue
            lines[(fields[0], fields[1])].append((int(fields[2]), fields[3]))

    succeeded = [key for key, state in outcome.items() if state == "succeeded"]
    for run, step, attempt in succeeded:
        if attempt not in [number for number, _ in lines[(run, step)]]:
            problems.append(f"{run} {step}: success of attempt {attempt} has no line")
    per_step = collections.Counter((run, step) for run, step, _ in succeeded)
    problems += [f"{run} {step} succeeded {count} times" for (run, step), count in per_step.items() if count > 1]

    repeated = 0
    for (run, step), executions in lines.items():
        attempts = [attempt for attempt, _ in executions]
        repeated += len(attempts) - 1
        if len(set(attempts)) != len(attempts):
            problems.append(f"{run} {step}: attempt executed twice: {attempts}")
        for attempt, _ in executions:
            last = max(number for (r, s, number) in outcome if r == run and s == step)
            # Without a record of its own, an execution must have been overtaken by a later attempt.
            if (run, step, attempt) not in outcome and attempt >= last:
                problems.append(f"{run} {step}: attempt {attempt} ran and left no record")

    violations = cluster.sql("SELECT * FROM token_audit()")
    problems += [f"token audit: {row}" for row in violations]
    lost = sum(1 for state in outcome.values() if state == "lost")
    print(f"{len(runs)} runs, {len(succeeded)} successes, {sum(map(len, lines.values()))} executions, {repeated} repeated, {lost} lost attempts, {torn} torn lines, {took:.0f} s")
    for problem in problems[:40]:
        print(f"PROBLEM {problem}")
    print(f"crash: {1 if not problems else 0} passed, {len(problems)} failed")
    return not problems


if __name__ == "__main__":
    main()
