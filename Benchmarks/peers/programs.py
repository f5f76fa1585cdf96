"""Child processes that end with the benchmark, and what CPU they use."""

import ctypes
import json
import os
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ProgramFailed(Exception):
    """A program of a peer ended, or answered with something else than what was asked for."""


def _processes():
    """{pid: (parent, CPU seconds, CPU seconds of children that have ended)}"""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
            found[int(name)] = (int(fields[1]), own / TICKS, ended / TICKS)
    return found


def cpu_of_trees(roots):
    """CPU seconds that these processes and all below them have used so far."""
    processes = _processes()
    wanted = {pid for pid in roots if pid in processes}
    grew = True
    while grew:
        below = {pid for pid, (parent, _, _) in processes.items() if parent in wanted}
        grew = not below <= wanted
        wanted |= below
    return sum(own + ended for own, ended in (processes[pid][1:] for pid in wanted))


class Program:
    """A process in a group of its own; the kernel ends it when the benchmark dies."""

    def __init__(self, name, command, folder, environment=None, talks=False):
        self.name, self.log = name, os.path.join(folder, f"{name}.log")
        pipe = subprocess.PIPE if talks else None
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log, text=True, cwd=folder,
                env={**os.environ, **(environment or {})}, start_new_session=True,
                preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))

    @property
    def pid(self):
        return self.process.pid

    def last_words(self):
        with open(self.log, errors="replace") as log:
            return "\n".join(log.read().splitlines()[-12:])

    def check(self):
        if self.process.poll() is not None:
            raise ProgramFailed(f"{self.name} ended with {self.process.returncode}:\n{self.last_words()}")

    def ask(self, **command):
        """One line of JSON there, one back."""
        try:
            if command:
                self.process.stdin.write(json.dumps(command) + "\n")
                self.process.stdin.flush()
        except OSError as error:
            raise ProgramFailed(f"{self.name} does not listen: {error}\n{self.last_words()}")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ProgramFailed(f"{self.name} ended with {self.process.returncode}:\n{self.last_words()}")
        return json.loads(line)

    def stop(self, seconds=10):
        """SIGTERM to the program, and SIGKILL to what is left of its group."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def until(what, condition, seconds=60, pause=0.02, programs=()):
    """Waits for a condition, and fails at once when one of the programs that should bring it about has ended."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        for program in programs:
            program.check()
        if time.monotonic() > deadline:
            raise ProgramFailed(f"not within {seconds} s: {what}")
        time.sleep(pause)
    return value
