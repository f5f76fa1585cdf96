"""Servers and workers of ours, as real processes on a private cluster, for the tests that are written in Python."""

import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEAMLINE = os.environ.get("BEAMLINE", os.path.join(ROOT, ".build", "debug", "beamline"))


# As RunLifecycle and StepState number them in the database.
RUN_STATES = {1: "queued", 2: "running", 3: "paused", 4: "cancelling", 5: "succeeded", 6: "failed", 7: "cancelled", 8: "timed_out"}
STEP_STATES = {6: "held", 4: "scheduled", 7: "succeeded", 8: "failed", 9: "skipped", 10: "cancelled", 11: "lost"}
LIVE_RUNS = "SELECT count(*) FROM runs WHERE state < 5"


def run_text(uuid):
    """A run's id as Beamline writes it: Crockford's base 32."""
    value = int(uuid.replace("-", ""), 16)
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value >> 5 * place & 31] for place in range(25, -1, -1))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program that can be killed and started again."""

    def __init__(self, name, command, folder, environment):
        self.name, self.command, self.folder, self.environment = name, command, folder, environment
        self.process = None
        self.start()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environment, cwd=self.folder)

    @property
    def log_path(self):
        return os.path.join(self.folder, f"{self.name}.log")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; answers the exit status. A process that does not leave in time is a failure."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop within {seconds} s of SIGTERM; see {self.log_path}")
        return self.process.returncode

    def end(self):
        if self.process.poll() is None:
            self.kill()


class Stage:
    """A migrated database, keys, and whatever servers and workers a test puts on it."""

    def __init__(self, cluster, folder):
        self.cluster, self.folder = cluster, folder
        self.processes = []
        self.environment = dict(
            os.environ, DATABASE_URL=cluster.url, BEAMLINE_KEYS=os.path.join(folder, "keys"), BEAMLINE_LOG=os.environ.get("BEAMLINE_LOG", "warning")
        )
        self.run("migrate")

    def run(self, *arguments, **more):
        done = subprocess.run([BEAMLINE, *arguments], env=dict(self.environment, **more), cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"beamline {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def token(self, *roles, tenant="default"):
        return self.run("token", "create", "--subject", "test", "--tenant", tenant, *[f"--role={role}" for role in roles]).strip()

    def server(self, name="server", port=None, **options):
        port = port or free_port()
        command = [BEAMLINE, "serve", "--listen", f"127.0.0.1:{port}", "--name", name, "--web", os.path.join(ROOT, "web")]
        for option, value in options.items():
            command += [f"--{option.replace('_', '-')}", value]
        process = Process(name, command, self.folder, self.environment)
        self.processes.append(process)
        process.url = f"{'https' if 'tls_certificate' in options else 'http'}://127.0.0.1:{port}"
        return process

    def worker(self, name, urls, *arguments):
        environment = dict(self.environment, BEAMLINE_URL=",".join(urls), BEAMLINE_TOKEN=self.token("worker"))
        process = Process(name, [BEAMLINE, "worker", "--name", name, *arguments], self.folder, environment)
        self.processes.append(process)
        return process

    def end(self):
        for process in self.processes:
            process.end()


class Client:
    """The REST API with a token."""

    def __init__(self, url, token):
        self.url, self.token = url, token
        self.context = ssl._create_unverified_context() if url.startswith("https") else None

    def call(self, method, path, body=None, content_type="application/json", **fields):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.token}", **{name.replace("_", "-"): value for name, value in fields.items()}}
        if data is not None:
            headers["content-type"] = content_type
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60, context=self.context) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def apply(self, text):
        return self.call("POST", "/v1/workflows", text.encode(), "application/yaml")

    def start(self, workflow, **inputs):
        return self.call("POST", "/v1/runs", {"workflow": workflow, "input": inputs})

    def run(self, run):
        return self.call("GET", f"/v1/runs/{run}")


def until(what, condition, seconds=60):
    """Waits for a condition; its own value is the answer."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def ready(url):
    context = ssl._create_unverified_context() if url.startswith("https") else None

    def answers():
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2, context=context):
                return True
        except OSError:
            return False

    until(f"{url} is ready", answers)
