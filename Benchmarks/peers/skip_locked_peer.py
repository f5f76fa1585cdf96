"""The bare loop that every queue in PostgreSQL is built around: INSERT, claim by SKIP LOCKED, mark as done. It has no
retries, leases, events or API; it shows what Python and PostgreSQL leave to a queue."""

import threading
import time

import callers
from peer import PostgresPeer, main

CLAIM = """
UPDATE steps SET state = 1
WHERE id IN (SELECT id FROM steps WHERE state = 0 ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, input
"""


class SkipLocked(PostgresPeer):
    name, label, kind, guess = "skip_locked", "bare SKIP LOCKED loop", "yardstick", 1500
    version_of = "psycopg"
    settings = {
        "2 workers of 4 threads, one by one": {"workers": 2, "threads": 4, "claim": 1},
        "2 workers of 1 thread, 20 a claim": {"workers": 2, "threads": 1, "claim": 20},
        "2 workers of 1 thread, 200 a claim": {"workers": 2, "threads": 1, "claim": 200},
    }

    def done(self):
        return self.count("SELECT count(*) FROM steps WHERE state = 2")


def connect(setting):
    import psycopg

    return psycopg.connect(setting["url"], autocommit=True)


def migrate(setting):
    with connect(setting) as connection:
        connection.execute("CREATE TABLE steps (id bigserial PRIMARY KEY, state smallint NOT NULL DEFAULT 0, input jsonb NOT NULL)")
        connection.execute("CREATE INDEX steps_ready ON steps (id) WHERE state = 0")


def worker(setting):
    def work():
        connection = connect(setting)
        while True:
            claimed = connection.execute(CLAIM, [setting["claim"]]).fetchall()
            if claimed:
                connection.execute("UPDATE steps SET state = 2 WHERE id = ANY(%s)", [[row[0] for row in claimed]])
            else:
                time.sleep(0.005)

    threads = [threading.Thread(target=work) for _ in range(setting["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def client(setting):
    class Caller:
        def __init__(self):
            self.connection = connect(setting)

        def one(self):
            self.connection.execute("INSERT INTO steps (input) VALUES (%s)", ['{"n": 1}'])

        def many(self, count):
            self.connection.execute("INSERT INTO steps (input) SELECT unnest(%s::jsonb[])", [[f'{{"n": {n}}}' for n in range(count)]])

    callers.serve(Caller, setting["callers"])


if __name__ == "__main__":
    main(worker=worker, client=client, migrate=migrate)
