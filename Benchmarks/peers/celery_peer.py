"""Celery on Redis. A message leaves the queue only when its task has ended (`task_acks_late`), and Redis flushes each write
to the disk before it answers: without both a crash loses tasks."""

import callers
from peer import PythonPeer, main

# Workers do not tell each other things that nobody asks for here.
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]


class Celery(PythonPeer):
    name, label, store, guess = "celery", "Celery", "Redis", 400
    settings = {
        "prefork of 2, results": {"workers": 1, "pool": "prefork", "concurrency": 2, "prefetch": 16, "results": True},
        "8 threads, no results": {"workers": 1, "pool": "threads", "concurrency": 8, "prefetch": 8, "results": False},
        "prefork of 2, no results": {"workers": 1, "pool": "prefork", "concurrency": 2, "prefetch": 64, "results": False},
        "2 solo workers, no results": {"workers": 2, "pool": "solo", "concurrency": 1, "prefetch": 128, "results": False},
        "prefork of 8, no results, 4 calls a caller": {
            "workers": 1, "pool": "prefork", "concurrency": 8, "prefetch": 16, "results": False, "in_flight": 4},
    }

    def start(self, setting):
        self.storage.clear()
        self.queue, self.stored = self.storage.database(0), self.storage.database(1)
        self.acknowledged = 0
        self.setting = {**self.settings[setting], "broker": self.storage.url(0), "backend": self.storage.url(1)}
        self.start_clients()

    def submit(self, count, batch):
        acknowledged = super().submit(count, batch)
        self.acknowledged += acknowledged
        return acknowledged

    def done(self):
        """With results: those that are stored. Without: messages that have left the queue and are not under way."""
        if self.setting["results"]:
            return self.stored.dbsize()
        with self.queue.pipeline(transaction=True) as pipeline:
            waiting, under_way = pipeline.llen("celery").hlen("unacked").execute()
        return self.acknowledged - waiting - under_way

    def stop(self):
        super().stop()
        self.storage.clear()


def application(setting):
    import celery

    app = celery.Celery("bench", broker=setting["broker"], backend=setting["backend"] if setting["results"] else None)
    app.conf.update(
        task_acks_late=True, task_reject_on_worker_lost=True, task_ignore_result=not setting["results"],
        worker_prefetch_multiplier=setting["prefetch"], broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": 3600})

    @app.task(name="noop")
    def noop(n):
        return None

    return app, noop


def worker(setting):
    app, _ = application(setting)
    app.worker_main([
        "worker", f"--hostname=worker{setting['number']}@bench", f"--pool={setting['pool']}",
        f"--concurrency={setting['concurrency']}", *QUIET])


def client(setting):
    import celery

    _, noop = application(setting)

    class Caller:
        def one(self):
            noop.delay(1)

        def many(self, count):
            celery.group(noop.s(n) for n in range(count)).apply_async()

    callers.serve(Caller, setting["callers"])


if __name__ == "__main__":
    main(worker=worker, client=client)
