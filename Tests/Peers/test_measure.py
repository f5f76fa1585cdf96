import unittest
from unittest import mock

import place  # noqa: F401
import measure
from programs import ProgramFailed


class Storage:
    def __init__(self):
        self.settled = 0

    def settle(self):
        self.settled += 1

    def counters(self):
        return {"cpu_s": 0.0, "wal_bytes": 0, "syncs": 0}


class Peer:
    """Ends some steps each time that somebody looks, while it has workers."""

    name = "model"

    def __init__(self, a_look=10, lost=0, doubled=0, eager=0):
        self.storage, self.a_look, self.lost, self.doubled, self.eager = Storage(), a_look, lost, doubled, eager
        self.ready = self.ended = 0
        self.is_served = True

    def submit(self, count, batch, seconds):
        self.ready += count - self.lost + self.doubled
        return count

    def fill(self, count):
        self.ready += count
        self.ended += self.eager
        return count

    def serve(self):
        self.is_served = True

    def rest(self):
        self.is_served = False

    def done(self):
        if self.is_served:
            taken = min(self.a_look, self.ready)
            self.ready -= taken
            self.ended += taken
        return self.ended

    def cpu(self):
        return 0.0

    def programs(self):
        return []


class MeasureTests(unittest.TestCase):
    def setUp(self):
        for name, value in (("PAUSE", 0), ("PATIENCE", 0.2)):
            patch = mock.patch.object(measure, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def test_a_steady_row_counts_all_acknowledged_steps(self):
        peer = Peer()
        row = measure.measure(peer, "one_call", expected_rate=100, seconds=2)
        self.assertEqual((row["mode"], row["steps"]), ("one_call", 200))
        self.assertEqual(peer.ended, 200)
        self.assertEqual(peer.storage.settled, 1)

    def test_batches_are_whole(self):
        self.assertEqual(measure.measure(Peer(), "batched", expected_rate=1, seconds=1)["steps"], measure.BATCH)

    def test_a_lost_step_fails(self):
        with self.assertRaisesRegex(ProgramFailed, "200 steps of model are done"):
            measure.measure(Peer(lost=1), "one_call", 100, 2)

    def test_a_step_that_was_done_twice_fails(self):
        with self.assertRaisesRegex(ProgramFailed, "200 steps were acknowledged and 201 are done"):
            measure.measure(Peer(doubled=1, a_look=67), "one_call", 100, 2)

    def test_a_burn_down_counts_from_the_first_steps_that_were_seen_done(self):
        self.assertEqual(measure.measure(Peer(a_look=30), "burn_down", 100, 3)["steps"], 270)

    def test_a_burn_down_that_is_half_over_at_the_first_look_counts_whole(self):
        self.assertEqual(measure.measure(Peer(a_look=200), "burn_down", 100, 3)["steps"], 300)

    def test_steps_that_are_done_before_there_is_a_worker_fail(self):
        with self.assertRaisesRegex(ProgramFailed, "before there was a worker"):
            measure.measure(Peer(eager=1), "burn_down", 100, 3)


if __name__ == "__main__":
    unittest.main()
