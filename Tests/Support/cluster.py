"""A private PostgreSQL cluster for the crash test, fully durable, that may be killed and started again."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time


class Cluster:
    def __init__(self, settings=None):
        self.folder = tempfile.mkdtemp(prefix="beamline-crash-pg-")
        self.data = os.path.join(self.folder, "data")
        self.bin = self._find_bin()
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        with open(os.path.join(self.data, "postgresql.conf"), "a") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nmax_connections = 200\n")
            for name, value in (settings or {}).items():
                conf.write(f"{name} = '{value}'\n")
        self.start()
        self.sql("CREATE DATABASE beamline", database="postgres")
        self.url = f"postgresql:///beamline?host={self.folder}&user=postgres"

    @staticmethod
    def _find_bin():
        for version in ("17", "16", "15"):
            path = f"/usr/lib/postgresql/{version}/bin"
            if os.path.exists(os.path.join(path, "initdb")):
                return path
        raise SystemExit("PostgreSQL's server programs are missing: apt-get install postgresql")

    def _as_postgres(self, command):
        return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command

    def _run(self, program, *arguments):
        command = self._as_postgres([os.path.join(self.bin, program), *arguments])
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise SystemExit(f"{program} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", os.path.join(self.folder, "log"), "start")

    def postmaster(self):
        with open(os.path.join(self.data, "postmaster.pid")) as file:
            return int(file.readline())

    def kill(self):
        """kill -9 of the postmaster; its children notice and leave."""
        pid = self.postmaster()
        children = self._children(pid)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while any(os.path.exists(f"/proc/{child}") for child in children):
            if time.monotonic() > deadline:
                raise SystemExit("PostgreSQL's backends did not leave after their postmaster was killed")
            time.sleep(0.05)

    @staticmethod
    def _children(parent):
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(name))
        return found

    def sql(self, text, database="beamline"):
        """Rows as lists of strings."""
        out = subprocess.run(
            [os.path.join(self.bin, "psql"), "-h", self.folder, "-U", "postgres", "-d", database, "-X", "-A", "-t", "-q", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text],
            capture_output=True,
            text=True,
        )
        if out.returncode != 0:
            raise RuntimeError(out.stderr)
        return [line.split("\t") for line in out.stdout.splitlines()]

    def stop(self):
        subprocess.run(
            self._as_postgres([os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop"]),
            capture_output=True,
            cwd="/",
        )
        shutil.rmtree(self.folder, ignore_errors=True)
