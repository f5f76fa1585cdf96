import unittest

import place  # noqa: F401
from figures import best_settings, figures, median_rates

KINDS = {"beamline": "beamline", "quick": "peer", "slow": "peer", "bare": "yardstick"}


def row(peer, mode, rate, setting="s"):
    return {"peer": peer, "mode": mode, "setting": setting, "steps_per_s": rate}


def values(rows):
    return {figure["name"]: figure["value"] for figure in figures(rows, KINDS)}


class FigureTests(unittest.TestCase):
    def test_the_median_of_the_rounds_counts_and_a_failed_row_has_no_rate(self):
        rows = [row("quick", "one_call", rate) for rate in (100, 900, 300)]
        rows.append({"peer": "quick", "mode": "one_call", "setting": "s", "error": "it ended"})
        self.assertEqual(median_rates(rows)["one_call"], {"quick": (300, 100, 900)})

    def test_the_best_setting_is_found_for_each_mode(self):
        rows = [row("quick", "one_call", 10, "a"), row("quick", "one_call", 30, "b"), row("quick", "one_call", 20, "c"),
                row("quick", "batched", 9, "a"), row("quick", "batched", 5, "b"),
                {"peer": "quick", "mode": "batched", "setting": "d", "error": "it ended"}]
        self.assertEqual(best_settings(rows), {("quick", "one_call"): "b", ("quick", "batched"): "a"})

    def test_the_ratio_is_over_the_fastest_peer_and_the_lowest_of_the_modes(self):
        rows = []
        for mode, ours, theirs in (("one_call", 9000, 300), ("batched", 12000, 1000), ("burn_down", 20000, 500)):
            rows += [row("beamline", mode, ours), row("quick", mode, theirs), row("slow", mode, 40), row("bare", mode, 6000)]
        found = values(rows)
        self.assertEqual(found["peer_ratio_one_call"], 30)
        self.assertEqual(found["peer_ratio_batched"], 12)
        self.assertEqual(found["peer_ratio"], 12)
        # The bare loop is no product: it has a ratio of its own.
        self.assertEqual(found["bare_loop_ratio"], 1.5)
        self.assertEqual(found["peers_slow_batched_steps_per_s"], 40)

    def test_without_one_of_the_modes_there_is_no_overall_ratio(self):
        found = values([row("beamline", "one_call", 100), row("quick", "one_call", 10)])
        self.assertEqual(found["peer_ratio_one_call"], 10)
        self.assertNotIn("peer_ratio", found)

    def test_without_a_peer_there_is_no_ratio(self):
        self.assertNotIn("peer_ratio_one_call", values([row("beamline", "one_call", 100), row("bare", "one_call", 10)]))


if __name__ == "__main__":
    unittest.main()
