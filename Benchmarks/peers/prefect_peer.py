"""Prefect: a server with PostgreSQL, and task runs that a task worker takes over a websocket. The server's services run: it
is one of them that writes down how a task run ended."""

import os
import socket
import urllib.request

import callers
from peer import PostgresPeer, main
from programs import Program, until


class Prefect(PostgresPeer):
    name, label, guess = "prefect", "Prefect", 30
    driver = "+asyncpg"
    settings = {
        "1 task worker of 8": {"workers": 1, "limit": 8},
        "1 task worker of 64": {"workers": 1, "limit": 64, "clients": 1},
        "2 task workers of 16": {"workers": 2, "limit": 16},
        # A flow that the caller's process runs itself; the server keeps its states.
        "a flow in the caller": {"workers": 0, "direct": True, "modes": ("one_call",)},
    }

    def start_services(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [os.path.join(os.path.dirname(os.sys.executable), "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
        self.services.append(Program("prefect-server-0", command, self.folder, self.environment()))
        until("Prefect's server answers", self._answers, 90, 0.1, self.services)

    def _answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/health", timeout=2):
                return True
        except OSError:
            return False

    def environment(self):
        return {
            **super().environment(),
            "PREFECT_HOME": os.path.join(self.folder, "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{getattr(self, 'port', 0)}/api",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": self.setting["url"],
            "PREFECT_SERVER_UI_ENABLED": "false", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
            "PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_LOGGING_TO_API_ENABLED": "false", "PREFECT_CLI_PROMPT": "false",
        }

    def done(self):
        return self.count("""
            SELECT (SELECT count(*) FROM task_run WHERE state_type = 'COMPLETED')
                 + (SELECT count(*) FROM flow_run WHERE state_type = 'COMPLETED')""")


def tasks():
    import prefect

    @prefect.task(name="noop")
    def noop(n):
        return None

    @prefect.flow(name="noop-flow")
    def noop_flow(n):
        return None

    return noop, noop_flow


def migrate(setting):
    import subprocess
    import sys

    subprocess.run([os.path.join(os.path.dirname(sys.executable), "prefect"), "server", "database", "upgrade", "-y"], check=True)


def worker(setting):
    from prefect.task_worker import serve

    serve(tasks()[0], limit=setting["limit"])


def client(setting):
    noop, noop_flow = tasks()

    class Caller:
        def one(self):
            if setting.get("direct"):
                noop_flow(1)
            else:
                noop.delay(1)

        def many(self, count):
            noop.map(list(range(count)), deferred=True)

    callers.serve(Caller, setting["callers"])


if __name__ == "__main__":
    main(worker=worker, client=client, migrate=migrate)
