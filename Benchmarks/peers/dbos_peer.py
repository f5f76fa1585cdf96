"""DBOS: workflows of Python functions, their states in PostgreSQL. A run here is a workflow without a step inside: its own
outcome is what is recorded, which is the least that DBOS writes for a run."""

import threading

import callers
from peer import PostgresPeer, main

APP, QUEUE, VERSION = "bench", "bench", "1"


class DBOS(PostgresPeer):
    name, label, guess = "dbos", "DBOS", 250
    driver = "+psycopg"
    settings = {
        "1 worker, polls each 0.1 s": {"workers": 1, "concurrency": 32, "poll": 0.1},
        "2 workers, polls each 0.02 s": {"workers": 2, "concurrency": 16, "poll": 0.02},
        "2 workers, no limit, polls each 0.1 s": {"workers": 2, "concurrency": None, "poll": 0.1, "in_flight": 4},
        # The caller's process runs the workflow itself, without a queue.
        "in the caller": {"workers": 0, "direct": True, "modes": ("one_call",)},
    }

    def done(self):
        return self.count("SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS'")


def launch(setting, threads=32):
    from dbos import DBOS as Library

    Library(config={
        "name": APP, "system_database_url": setting["url"], "application_version": VERSION, "log_level": "ERROR",
        "executor_id": f"executor-{setting.get('number', 0)}-{setting.get('role', 'worker')}",
        "max_executor_threads": threads, "sys_db_pool_size": 20})

    @Library.workflow(name="noop")
    def noop(n):
        return n

    Library.launch()
    return Library, noop


def migrate(setting):
    library, _ = launch(setting)
    library.destroy()


def worker(setting):
    library, _ = launch(setting)
    library.register_queue(QUEUE, worker_concurrency=setting["concurrency"], polling_interval_sec=setting["poll"])
    threading.Event().wait()


def client(setting):
    if setting.get("direct"):
        library, noop = launch({**setting, "role": "client"})

        class Caller:
            def one(self):
                noop(1)

        return callers.serve(Caller, setting["callers"])

    import sqlalchemy
    from dbos import DBOSClient

    dbos = DBOSClient(
        system_database_url=setting["url"], system_database_pool_size=setting["callers"], application_name=APP)
    engine = sqlalchemy.create_engine(setting["url"], pool_size=setting["callers"])
    options = {"queue_name": QUEUE, "workflow_name": "noop", "app_version": VERSION}

    class Caller:
        def one(self):
            dbos.enqueue(options, 1)

        def many(self, count):
            with engine.begin() as transaction:
                for n in range(count):
                    dbos.enqueue_in_transaction(transaction, options, n)

    callers.serve(Caller, setting["callers"])


if __name__ == "__main__":
    main(worker=worker, client=client, migrate=migrate)
