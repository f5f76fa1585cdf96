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
    """Ends some steps each time that somebody looks, while it has workers; a look takes some time of its own clock."""

    name = "model"

    def __init__(self, a_look=10, looks_last=0.1, lost=0, doubled=0, eager=0):
        self.now, self.looks_last, self.fills = 0.0, looks_last, []
        self.storage, self.a_look, self.lost, self.doubled, self.eager = Storage(), a_look, lost, doubled, eager
        self.ready = self.ended = 0
        self.is_served = True

    def submit(self, count, batch):
        self.ready += count - self.lost + self.doubled
        return count

    def fill(self, count):
        self.fills.append(count)
        self.ready += count
        self.ended += self.eager
        return count

    def serve(self):
        self.is_served = True

    def rest(self):
        self.is_served = False

    def done(self):
        self.now += self.looks_last
        if self.is_served:
            taken = min(self.a_look, self.ready)
            self.ready -= taken
            self.ended += taken
        return self.ended

    def cpu(self):
        return 0.0

    def programs(self):
        return []


def rows(peer, mode, expected_rate, seconds):
    """A row by the peer's own clock."""
    clock = mock.Mock(monotonic=lambda: peer.now)
    with mock.patch.multiple(measure, PAUSE=0, PATIENCE=0.2, time=clock):
        return measure.measure(peer, mode, expected_rate, seconds)


class MeasureTests(unittest.TestCase):

    def test_a_steady_row_counts_all_acknowledged_steps(self):
        peer = Peer()
        row = rows(peer, "one_call", expected_rate=100, seconds=2)
        self.assertEqual((row["mode"], row["steps"]), ("one_call", 200))
        self.assertEqual(peer.ended, 200)
        self.assertEqual(peer.storage.settled, 1)

    def test_batches_are_whole(self):
        self.assertEqual(rows(Peer(), "batched", expected_rate=1, seconds=1)["steps"], measure.BATCH)

    def test_a_lost_step_fails(self):
        with self.assertRaisesRegex(ProgramFailed, "200 steps of model are done"):
            rows(Peer(lost=1), "one_call", 100, 2)

    def test_a_step_that_was_done_twice_fails(self):
        with self.assertRaisesRegex(ProgramFailed, "200 steps were acknowledged and 201 are done"):
            rows(Peer(doubled=1, a_look=67), "one_call", 100, 2)

    def test_a_burn_down_counts_from_the_first_steps_that_were_seen_done(self):
        self.assertEqual(rows(Peer(a_look=30, looks_last=0.3), "burn_down", 100, 3)["steps"], 270)

    def test_a_burn_down_that_is_half_over_at_the_first_look_counts_whole(self):
        self.assertEqual(rows(Peer(a_look=200, looks_last=1), "burn_down", 100, 3)["steps"], 300)

    def test_what_is_over_too_soon_is_measured_again_with_more_steps(self):
        peer = Peer(a_look=1000, looks_last=0.1)
        row = rows(peer, "burn_down", expected_rate=100, seconds=1)
        # 100 are gone at the first look, and so are some times as many; thousands take a while.
        self.assertEqual(peer.fills[0], 100)
        for fewer, more in zip(peer.fills, peer.fills[1:]):
            self.assertTrue(fewer < more <= 8 * fewer, peer.fills)
        self.assertGreaterEqual(row["seconds"], 0.5)
        self.assertAlmostEqual(row["steps_per_s"], 10_000, delta=1500)

    def test_what_is_always_over_too_soon_fails(self):
        with self.assertRaisesRegex(ProgramFailed, "too soon to be measured"):
            rows(Peer(a_look=10**9, looks_last=0.001), "one_call", 1, 1)

    def test_steps_that_are_done_before_there_is_a_worker_fail(self):
        with self.assertRaisesRegex(ProgramFailed, "before there was a worker"):
            rows(Peer(eager=1), "burn_down", 100, 3)


if __name__ == "__main__":
    unittest.main()
