"""Procrastinate: tasks in PostgreSQL, one statement to claim a task and one to finish it."""

import asyncio

import callers
from peer import PostgresPeer, main


class Procrastinate(PostgresPeer):
    name, label, guess = "procrastinate", "Procrastinate", 400
    settings = {
        "1 worker, 10 at once": {"workers": 1, "concurrency": 10, "clients": 1},
        "2 workers, 10 at once": {"workers": 2, "concurrency": 10, "clients": 2},
        "2 workers, 4 at once, no LISTEN": {"workers": 2, "concurrency": 4, "clients": 1, "notify": False},
        "2 workers, 30 at once, 4 calls a caller": {"workers": 2, "concurrency": 30, "clients": 2, "in_flight": 4},
        "2 workers, 10 at once, 32 calls a caller": {"workers": 2, "concurrency": 10, "clients": 2, "in_flight": 32},
    }

    def done(self):
        return self.count("SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'")


def application(setting, connections):
    import procrastinate

    connector = procrastinate.PsycopgConnector(conninfo=setting["url"], min_size=connections, max_size=connections)
    app = procrastinate.App(connector=connector)

    @app.task(name="noop", queue="bench")
    async def noop(n):
        return None

    return app, noop


def migrate(setting):
    import procrastinate

    with procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=setting["url"])).open() as app:
        app.schema_manager.apply_schema()


def worker(setting):
    async def work():
        notify = setting.get("notify", True)
        app, _ = application(setting, min(setting["concurrency"], 10) + 2)
        async with app.open_async():
            await app.run_worker_async(
                queues=["bench"], concurrency=setting["concurrency"], name=f"worker-{setting['number']}",
                listen_notify=notify, fetch_job_polling_interval=5.0 if notify else 0.01)

    asyncio.run(work())


def client(setting):
    async def call():
        app, noop = application(setting, min(setting["callers"], 16))

        class Caller:
            async def one(self):
                await noop.defer_async(n=1)

            async def many(self, count):
                await noop.batch_defer_async(*({"n": n} for n in range(count)))

        async with app.open_async():
            await callers.serve_async(Caller, setting["callers"])

    asyncio.run(call())


if __name__ == "__main__":
    main(worker=worker, client=client, migrate=migrate)
