import os
import tempfile
import unittest
from unittest import mock
from xml.etree import ElementTree

import place  # noqa: F401
import report
from chart import bar_chart
from figures import figures

SVG = "{http://www.w3.org/2000/svg}"


class ChartTests(unittest.TestCase):
    def chart(self):
        return ElementTree.fromstring(bar_chart("Runs <1>", "a & b", [
            ("slow", "peer", 50, 40, 60), ("Beamline", "beamline", 900, 800, 1000), ("none", "peer", 0, 0, 0)]))

    def test_bars_stand_from_the_fastest_down_and_in_proportion(self):
        bars = self.chart().findall(f"{SVG}rect")
        self.assertEqual([bar.get("class") for bar in bars], ["beamline", "peer", "peer"])
        widths = [float(bar.get("width")) for bar in bars]
        self.assertAlmostEqual(widths[0] / widths[1], 18, delta=0.5)
        # What is next to nothing is still to be seen.
        self.assertEqual(widths[2], 1.5)

    def test_nothing_leaves_the_picture(self):
        chart = self.chart()
        width = float(chart.get("viewBox").split()[2])
        self.assertLess(max(float(line.get("x2")) for line in chart.findall(f"{SVG}line")), width)

    def test_words_are_escaped(self):
        self.assertEqual([text.text for text in self.chart().findall(f"{SVG}text")][:2], ["Runs <1>", "a & b"])


def results():
    rows = [
        {"phase": "round", "round": 1, "peer": peer, "setting": "s", "mode": mode, "steps": 10, "seconds": 1, "steps_per_s": rate,
         "peer_cpu_us_per_step": 5, "store_cpu_us_per_step": 6, "log_bytes_per_step": 700, "log_flushes": 3}
        for mode in report.MODES for peer, rate in (("beamline", 9000), ("celery", 450))]
    kinds = {"beamline": "beamline", "celery": "peer"}
    return {
        "date": "2026-11-21", "rounds": 5, "seconds": 3,
        "machine": {"cores": 2, "processor": "model", "memory_gib": 8, "system": "Debian", "kernel": "6"},
        "servers": {"PostgreSQL": "15.1", "Redis": "7.0"},
        "durable": {"PostgreSQL": {"fsync": "on"}, "Redis": {"appendfsync": "always"}},
        "peers": {name: {"label": name.title(), "kind": kind, "store": "PostgreSQL", "version": "1"} for name, kind in kinds.items()},
        "best": {"celery": {"one_call": "s"}}, "figures": figures(rows, kinds), "trials": [],
        "rows": rows + [{"phase": "round", "round": 2, "peer": "celery", "setting": "s", "mode": "one_call", "error": "it\nended"}],
    }


class ReportTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.page = os.path.join(folder.name, "benchmarks.md")
        self.rows = os.path.join(folder.name, "rows.tsv")
        for name, value in (("PAGE", self.page), ("ROWS", self.rows), ("chart_path", lambda mode: os.path.join(folder.name, f"{mode}.svg"))):
            patch = mock.patch.object(report, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def write(self, text):
        with open(self.page, "w") as file:
            file.write(text)

    def test_only_the_section_between_the_marks_is_replaced(self):
        self.write(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
        report.write_docs(results())
        with open(self.page) as file:
            page = file.read()
        self.assertTrue(page.startswith(f"before\n{report.BEGIN}\n"))
        self.assertTrue(page.endswith(f"{report.END}\nafter\n"))
        self.assertNotIn("old", page)
        self.assertIn("| Celery 1 | PostgreSQL | 450 (450–450) |", page)
        self.assertIn("fastest durable peer: 20.0 (one call a run)", page)
        self.assertIn("`appendfsync always`", page)

    def test_writing_twice_changes_nothing(self):
        self.write(f"{report.BEGIN}\n{report.END}\n")
        report.write_docs(results())
        with open(self.page) as file:
            once = file.read()
        report.write_docs(results())
        with open(self.page) as file:
            self.assertEqual(file.read(), once)

    def test_every_row_is_published_the_failed_ones_too(self):
        self.write(f"{report.BEGIN}\n{report.END}\n")
        report.write_docs(results())
        with open(self.rows) as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 1 + 7)
        self.assertTrue(lines[-1].endswith("\tit ended"))

    def test_a_page_without_the_marks_is_left_alone(self):
        self.write("nothing here\n")
        with self.assertRaisesRegex(SystemExit, "has no place for the peers"):
            report.write_docs(results())
        with open(self.page) as file:
            self.assertEqual(file.read(), "nothing here\n")


if __name__ == "__main__":
    unittest.main()
