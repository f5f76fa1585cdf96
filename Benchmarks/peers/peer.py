"""What the benchmark wants of a peer, and what most peers have in common."""

import json
import os
import sys
import time

from programs import Program, ProgramFailed, cpu_of_trees

HERE = os.path.dirname(os.path.abspath(__file__))
CALLERS = 8
BATCH = 50
# Each step by a call of its own; 50 steps a call; N ready steps before the first worker comes.
MODES = ("one_call", "batched", "burn_down")


class Peer:
    """One system under measurement. `start`, then any of `serve`, `submit`, `fill`, `rest`, and `stop` at the end.

    A step counts as done when the peer's own store says durably that it succeeded.
    """

    name = ""  # of the row
    label = ""  # of the bar
    kind = "peer"  # "peer": installs from PyPI; "yardstick": no product; "beamline"
    store = "PostgreSQL"
    guess = 300  # steps a second, for the first measurement of all
    settings = {}  # name: what start() is given, with "modes" if it does not suit all of them

    def __init__(self, storage, folder):
        self.storage, self.folder = storage, folder
        self.setting = {}
        self.workers, self.clients, self.services = [], [], []

    @classmethod
    def modes_of(cls, setting):
        return cls.settings[setting].get("modes", MODES)

    def version(self):
        raise NotImplementedError

    def start(self, setting):
        """Its storage, its server if it has one, its callers; no worker."""
        raise NotImplementedError

    def serve(self):
        """Its workers."""
        raise NotImplementedError

    def rest(self):
        """The workers leave."""
        self._stop(self.workers)

    def submit(self, count, batch):
        """At least `count` steps, in calls of `batch`, by all callers; answers how many were acknowledged."""
        shares = [count // len(self.clients)] * len(self.clients)
        shares[0] += count - sum(shares)
        for client, share in zip(self.clients, shares):
            client.ask(count=share, batch=batch)
        return sum(client.answer()["acknowledged"] for client in self.clients)

    def fill(self, count):
        """`count` steps that nobody works on yet; answers how many there are."""
        return self.submit(count, BATCH)

    def done(self):
        raise NotImplementedError

    def cpu(self):
        """CPU seconds of all programs of the peer so far, those that have ended among them; without the storage's server
        and without the benchmark itself."""
        below = cpu_of_trees([os.getpid()]) - time.process_time()
        return below - sum(cpu_of_trees([pid]) for pid in self.storage.pids_below_us)

    def programs(self):
        return [*self.services, *self.clients, *self.workers]

    def stop(self):
        for group in (self.workers, self.clients, self.services):
            self._stop(group)

    @staticmethod
    def _stop(group):
        while group:
            group.pop().stop()


class PythonPeer(Peer):
    """A peer whose worker, client and migration are the same file, run with `worker`, `client` or `migrate` and the
    setting as JSON."""

    version_of = ""  # the distribution

    def version(self):
        from importlib.metadata import version

        return version(self.version_of or self.name)

    def run(self, role, number=0, talks=False, **more):
        setting = {**self.setting, "number": number, **more}
        module = sys.modules[type(self).__module__].__file__
        return Program(
            f"{self.name}-{role}-{number}", [sys.executable, module, role, json.dumps(setting)], self.folder, self.environment(), talks)

    def environment(self):
        return {"PYTHONUNBUFFERED": "1", "PYTHONPATH": HERE}

    def run_to_end(self, role, **more):
        program = self.run(role, **more)
        try:
            if program.process.wait(120) != 0:
                raise ProgramFailed(f"{self.name} {role} ended with {program.process.returncode}:\n{program.last_words()}")
        finally:
            program.stop()

    def start_clients(self):
        """CALLERS callers, spread over the setting's number of client processes, with some calls under way each."""
        processes = self.setting.get("clients", 2)
        callers = CALLERS * self.setting.get("in_flight", 1) // processes
        self.clients += [self.run("client", number, talks=True, callers=callers) for number in range(processes)]
        for client in self.clients:
            client.answer()

    def serve(self):
        self.workers += [self.run("worker", number) for number in range(self.setting["workers"])]


class PostgresPeer(PythonPeer):
    """A database of its own, fresh for each start, copied from one that was migrated once."""

    driver = ""

    def start(self, setting):
        template = f"{self.name}_template"
        if not self.storage.exists(template):
            self.storage.create(template)
            self.setting = {"url": self.storage.url(template, self.driver)}
            self.run_to_end("migrate")
        self.storage.create(self.name, template)
        self.setting = {**self.settings[setting], "url": self.storage.url(self.name, self.driver)}
        self.connection = self.storage.connect(self.name)
        self.start_services()
        self.start_clients()

    def start_services(self):
        """A server of its own, if the peer has one."""

    def count(self, statement):
        return self.connection.execute(statement).fetchone()[0]

    def stop(self):
        super().stop()
        if getattr(self, "connection", None):
            self.connection.close()
            self.connection = None
        self.storage.drop(self.name)


def main(**roles):
    """The entry of a peer's programs: `worker SETTING`, `client SETTING`, `migrate SETTING`."""
    roles[sys.argv[1]](json.loads(sys.argv[2]))
