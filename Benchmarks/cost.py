"""What a piece of work costs, by owner: CPU of processes, and what PostgreSQL wrote."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process, of all its threads, ended ones too."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def children(parent):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == parent:
                        found.append(int(name))
            except OSError:
                pass
    return found


def postgres_cpu(postmaster):
    total = cpu_seconds(postmaster)
    for child in children(postmaster):
        try:
            total += cpu_seconds(child)
        except OSError:
            pass
    return total


def voluntary_switches(pid):
    """How often the process's threads went to wait."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("voluntary"))
    return total


class Cost:
    """Readings of now; `since` answers what was spent between an earlier reading and this one."""

    def __init__(self, cluster, pids):
        """`pids`: processes by the owner's name; PostgreSQL's are found by themselves."""
        self.cpu = {owner: cpu_seconds(pid) for owner, pid in pids.items()}
        self.cpu["postgres"] = postgres_cpu(cluster.postmaster())
        self.switches = voluntary_switches(pids["server"])
        wal, commits, self.updates, self.hot, self.dead = (int(value) for value in cluster.sql(
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, xact_commit, n_tup_upd, n_tup_hot_upd, n_tup_upd + n_tup_del "
            "FROM pg_stat_database d, (SELECT sum(n_tup_upd) AS n_tup_upd, sum(n_tup_hot_upd) AS n_tup_hot_upd, sum(n_tup_del) AS n_tup_del "
            "FROM pg_stat_user_tables) t WHERE d.datname = current_database()")[0])
        self.wal, self.commits = wal, commits

    def since(self, before, work):
        """Figures a unit of work: (name, value, unit)."""
        for owner, used in self.cpu.items():
            yield f"{owner}_cpu", 1e6 * (used - before.cpu[owner]) / work, "µs"
        yield "wal_bytes", (self.wal - before.wal) / work, "bytes"
        yield "commits", (self.commits - before.commits) / work, "commits"
        yield "dead_rows", (self.dead - before.dead) / work, "rows"
        yield "server_switches", (self.switches - before.switches) / work, "switches"

    def hot_ratio(self, before):
        """Share of updates that touched no index."""
        return (self.hot - before.hot) / max(1, self.updates - before.updates)
