import asyncio
import contextlib
import io
import json
import threading
import unittest
from unittest import mock

import place  # noqa: F401
import callers


class Tally:
    """What callers of all threads have submitted."""

    def __init__(self, fails_at=None):
        self.lock, self.calls, self.fails_at = threading.Lock(), [], fails_at

    def one(self):
        self.many(1)

    def many(self, count):
        with self.lock:
            self.calls.append(count)
            if len(self.calls) == self.fails_at:
                raise ConnectionError("refused")


class AsyncTally(Tally):
    async def one(self):
        await self.many(1)

    async def many(self, count):
        await asyncio.sleep(0)
        super().many(count)


def converse(serve, *commands):
    """The answers to these commands, the first of which says that the callers are ready."""
    out = io.StringIO()
    lines = io.StringIO("".join(json.dumps(command) + "\n" for command in commands))
    with mock.patch("sys.stdin", lines), contextlib.redirect_stdout(out):
        serve()
    return [json.loads(line) for line in out.getvalue().splitlines()]


class CallerTests(unittest.TestCase):
    def test_each_command_submits_as_many_steps_as_it_says(self):
        tally = Tally()
        answers = converse(lambda: callers.serve(lambda: tally, 8), {"count": 100, "batch": 1}, {"count": 120, "batch": 50})
        self.assertEqual(answers, [{"ready": True}, {"acknowledged": 100}, {"acknowledged": 120}])
        self.assertEqual(tally.calls[:100], [1] * 100)
        self.assertEqual(sorted(tally.calls[100:]), [20, 50, 50])

    def test_callers_on_an_event_loop_do_the_same(self):
        tally = AsyncTally()
        answers = converse(lambda: asyncio.run(callers.serve_async(lambda: tally, 8)), {"count": 30, "batch": 1}, {"count": 70, "batch": 50})
        self.assertEqual(answers, [{"ready": True}, {"acknowledged": 30}, {"acknowledged": 70}])
        self.assertEqual(sorted(tally.calls[30:]), [20, 50])

    def test_a_call_that_fails_is_not_acknowledged(self):
        tally = Tally(fails_at=5)
        with self.assertRaisesRegex(ConnectionError, "refused"):
            converse(lambda: callers.serve(lambda: tally, 2), {"count": 10, "batch": 1})


if __name__ == "__main__":
    unittest.main()
