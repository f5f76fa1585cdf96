"""Beamline as it is shipped: authentication, events and metrics on; the same programs as Benchmarks/bench.py uses."""

import os
import subprocess
import sys
import types

from peer import CALLERS, Peer
from programs import Program, ProgramFailed, until
from storage import ROOT

RELEASE = os.environ.get("BEAMLINE_RELEASE") or os.path.join(ROOT, ".build", "release")
os.environ["BEAMLINE"] = os.path.join(RELEASE, "beamline")
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
from stage import Client, Stage, free_port, ready  # noqa: E402

LOAD = os.path.join(RELEASE, "beamline-load")
WORKFLOW = """
name: bench/noop
steps:
  - { id: only, uses: noop, with: { n: "${{ inputs.n }}" } }
"""


class Beamline(Peer):
    name, label, kind, guess = "beamline", "Beamline", "beamline", 6000
    settings = {
        "1 call a caller, 512 slots": {"in_flight": 1, "slots": 512},
        "8 calls a caller, 512 slots": {"in_flight": 8, "slots": 512},
        "32 calls a caller, 512 slots": {"in_flight": 32, "slots": 512},
        "2 calls a caller, 2048 slots": {"in_flight": 2, "slots": 2048},
    }
    number = 0

    def version(self):
        number = subprocess.run([os.environ["BEAMLINE"], "--version"], capture_output=True, text=True, check=True).stdout.strip()
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
        return f"{number} ({commit})" if commit else number

    def start(self, setting):
        if not os.access(LOAD, os.X_OK):
            raise ProgramFailed(f"{LOAD} is missing: swift build -c release --product beamline-load, or set BEAMLINE_RELEASE")
        template = f"{self.name}_template"
        if not self.storage.exists(template):
            self.storage.create(template)
            self._stage(template)
        self.storage.create(self.name, template)
        self.setting = self.settings[setting]
        self.connection = self.storage.connect(self.name)
        stage = self._stage(self.name)
        self.token, self.worker_token = stage.token("admin"), stage.token("worker")
        self.port = free_port()
        self.services.append(Program(
            "beamline-server-0", [os.environ["BEAMLINE"], "serve", "--listen", f"127.0.0.1:{self.port}", "--name", "server",
                                  "--web", os.path.join(ROOT, "web")], self.folder, stage.environment))
        url = f"http://127.0.0.1:{self.port}"
        ready(url)
        self.client = Client(url, self.token)
        self.client.apply(WORKFLOW)

    def _stage(self, database):
        """Migrates the database."""
        return Stage(types.SimpleNamespace(url=self.storage.url(database)), self.folder)

    def serve(self):
        self.workers.append(Program(
            "beamline-worker-0",
            [LOAD, "worker", "--port", str(self.port), "--token", self.worker_token, "--slots", str(self.setting["slots"])], self.folder))
        until("the worker is connected", lambda: self.client.call("GET", "/v1/workers")["workers"], programs=self.workers)

    def submit(self, count, batch):
        """By the client of Beamline's own benchmark, a process for each time."""
        Beamline.number += 1
        in_flight = self.setting["in_flight"] if batch == 1 else min(self.setting["in_flight"], 4)
        arguments = ["--port", str(self.port), "--token", self.token, "--workflow", "bench/noop", "--warmup", "0",
                     "--connections", str(CALLERS), "--in-flight", str(in_flight), "--batch", str(batch),
                     "--count", str(count), "--salt", f"s{Beamline.number}"]
        client = Program(f"beamline-client-{Beamline.number}", [LOAD, "client", *arguments], self.folder, talks=True)
        self.clients.append(client)
        try:
            answer = client.answer()
        finally:
            client.stop()
        self.clients.remove(client)
        if answer["failed"]:
            raise ProgramFailed(f"{answer['failed']} of Beamline's calls failed")
        return answer["acknowledged"]

    def done(self):
        return self.connection.execute("SELECT count(*) FROM runs WHERE state = 5").fetchone()[0]

    def stop(self):
        super().stop()
        if getattr(self, "connection", None):
            self.connection.close()
            self.connection = None
        self.storage.drop(self.name)


