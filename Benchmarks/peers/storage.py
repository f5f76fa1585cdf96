"""Where the peers keep their steps: one private PostgreSQL cluster and one private Redis, both fully durable."""

import os
import shutil
import subprocess
import sys
import tempfile

import psycopg
import redis
from programs import Program, cpu_of_trees, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Support"))
from cluster import Cluster  # noqa: E402

# As in Benchmarks/bench.py: what `beamline dev` sets, for everybody.
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "wal_compression": "lz4"}
SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", *SETTINGS)


class Postgres:
    """A database for each measured peer, all in the same cluster; they never work at the same time."""

    pids_below_us = ()

    def __init__(self):
        self.cluster = Cluster(SETTINGS)
        self.folder = self.cluster.folder
        self.connection = self.connect("postgres")

    def connect(self, database):
        return psycopg.connect(host=self.folder, user="postgres", dbname=database, autocommit=True)

    def url(self, database, driver=""):
        """`driver`: what SQLAlchemy wants after `postgresql`, as `+asyncpg`."""
        return f"postgresql{driver}://postgres@/{database}?host={self.folder}"

    def create(self, database, template="template1"):
        self.drop(database)
        self.connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def drop(self, database):
        self.connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def exists(self, database):
        return self.connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is not None

    def settle(self):
        """What an earlier measurement left to be written is written before the next one."""
        self.connection.execute("CHECKPOINT")

    def shown(self):
        return {name: self.connection.execute(f"SHOW {name}").fetchone()[0] for name in SHOWN}

    def version(self):
        return self.connection.execute("SHOW server_version").fetchone()[0].split()[0]

    def counters(self):
        """What the server itself counts: WAL octets and how often it had WAL flushed to the disk."""
        octets, syncs = self.connection.execute("SELECT wal_bytes, wal_sync FROM pg_stat_wal").fetchone()
        return {"cpu_s": cpu_of_trees([self.cluster.postmaster()]), "wal_bytes": int(octets), "syncs": syncs}

    def stop(self):
        self.connection.close()
        self.cluster.stop()


class Redis:
    """Every write is on the disk before it is answered (`appendfsync always`)."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="beamline-peers-redis-")
        self.socket = os.path.join(self.folder, "socket")
        self.program = Program(
            "redis",
            [self._find(), "--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", "",
             "--appendonly", "yes", "--appendfsync", "always",
             # No rewriting of the file in the middle of a measurement: that is kind to Celery.
             "--auto-aof-rewrite-min-size", "4gb"], self.folder)
        self.client = redis.Redis(unix_socket_path=self.socket)
        self.pids_below_us = (self.program.pid,)
        until("Redis answers", self._answers, 20, programs=[self.program])

    def _find(self):
        if found := shutil.which("redis-server"):
            return found
        # Debian's redis-server package is a service around this program of redis-tools, which goes by its own name.
        link = os.path.join(self.folder, "redis-server")
        os.symlink("/usr/bin/redis-check-rdb", link)
        return link

    def _answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False

    def url(self, database=0):
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def database(self, number):
        return redis.Redis(unix_socket_path=self.socket, db=number)

    def clear(self):
        self.client.flushall()

    def settle(self):
        pass

    def shown(self):
        return {name: self.client.config_get(name)[name] for name in ("appendonly", "appendfsync")}

    def version(self):
        return self.client.info("server")["redis_version"]

    def counters(self):
        """Octets of the append-only file; Redis does not count its fsyncs."""
        return {"cpu_s": cpu_of_trees([self.program.pid]), "wal_bytes": self.client.info("persistence")["aof_current_size"]}

    def stop(self):
        self.client.close()
        self.program.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def versions_of_the_machine():
    """Processor, kernel and memory, for the table's head."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), os.uname().machine)
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) // 1024 // 1024
    system = subprocess.run(["sh", "-c", ". /etc/os-release; echo $PRETTY_NAME"], capture_output=True, text=True).stdout.strip()
    return {"cores": os.cpu_count(), "processor": model, "memory_gib": memory, "kernel": ".".join(os.uname().release.split(".")[:2]), "system": system}
