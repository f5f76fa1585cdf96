import json
import os
import sys
import tempfile
import unittest

import place

sys.path.insert(0, os.path.dirname(place.PEERS))
import results  # noqa: E402


def figure(name, value):
    return {"name": name, "value": value, "unit": "ratio"}


class ResultTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "bench.json")

    def kept(self):
        with open(self.path) as file:
            return json.load(file)

    def test_figures_of_the_same_name_are_replaced_and_others_left(self):
        results.add([figure("a", 1), figure("b", 2)], self.path)
        results.add([figure("b", 3), figure("c", 4)], self.path)
        self.assertEqual(self.kept(), [figure("a", 1), figure("b", 3), figure("c", 4)])
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["bench.json"])


if __name__ == "__main__":
    unittest.main()
