"""The callers of a peer: they submit steps as fast as each call is answered. Runs in the peer's client process, which
reads one command a line (`{"count": 1000, "batch": 1}`) and answers one line when all of them are acknowledged."""

import asyncio
import json
import sys
import threading


class _Share:
    """Steps that are still to be submitted: a caller that is quicker takes more of them."""

    def __init__(self, count, batch):
        self.left, self.batch, self.lock = count, batch, threading.Lock()

    def take(self):
        with self.lock:
            taken = min(self.left, self.batch)
            self.left -= taken
            return taken


def _commands():
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        yield command["count"], command["batch"]


def serve(make_caller, count):
    """`make_caller()` gives an object whose `one()` submits a step and whose `many(count)` submits some by one call; both
    return when the peer has acknowledged them. Each caller has a thread of its own."""
    callers = [make_caller() for _ in range(count)]

    def call(caller, share, failures):
        try:
            while taken := share.take():
                if share.batch == 1:
                    caller.one()
                else:
                    caller.many(taken)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the program's
            failures.append(error)

    for count, batch in _commands():
        share, failures = _Share(count, batch), []
        threads = [threading.Thread(target=call, args=(caller, share, failures)) for caller in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        print(json.dumps({"acknowledged": count}), flush=True)


async def serve_async(make_caller, count):
    """The same with `async` callers on one event loop."""
    callers = [make_caller() for _ in range(count)]

    async def call(caller, share):
        while taken := share.take():
            if share.batch == 1:
                await caller.one()
            else:
                await caller.many(taken)

    loop = asyncio.get_running_loop()
    commands = _commands()
    while (command := await loop.run_in_executor(None, next, commands, None)) is not None:
        share = _Share(*command)
        await asyncio.gather(*(call(caller, share) for caller in callers))
        print(json.dumps({"acknowledged": command[0]}), flush=True)
