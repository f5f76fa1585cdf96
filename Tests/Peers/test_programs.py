import os
import sys
import tempfile
import unittest

import place  # noqa: F401
from programs import Program, ProgramFailed, cpu_of_trees, until

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
FAMILY = """
import json, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(json.dumps({"child": child.pid}), flush=True)
time.sleep(60)
"""


class ProgramTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def program(self, text):
        program = Program("test", [sys.executable, "-c", text], self.folder.name, talks=True)
        self.addCleanup(program.stop)
        return program

    def test_it_answers_what_it_is_asked(self):
        program = self.program(ECHO)
        program.ask(count=3, batch=1)
        self.assertEqual(program.answer(), {"count": 3, "batch": 1})

    def test_a_program_that_has_ended_says_its_last_words(self):
        program = self.program("raise SystemExit('no such server')")
        with self.assertRaisesRegex(ProgramFailed, "ended with 1:\nno such server"):
            program.answer()

    def test_stop_ends_what_the_program_has_started(self):
        program = self.program(FAMILY)
        child = program.answer()["child"]
        program.stop()
        # An orphan that nobody has waited for yet may be left as a zombie.
        def gone():
            try:
                with open(f"/proc/{child}/stat") as file:
                    return file.read().rsplit(")", 1)[1].split()[0] == "Z"
            except OSError:
                return True

        until("the child is gone", gone, 10)

    def test_cpu_of_a_tree_counts_what_is_below(self):
        program = self.program(
            "import subprocess, sys, json\n"
            "subprocess.run([sys.executable, '-c', 'for _ in range(3_000_000): pass'])\n"
            "print(json.dumps({}), flush=True)\nsys.stdin.read()")
        program.answer()
        self.assertGreater(cpu_of_trees([program.pid]), 0.03)
        self.assertGreaterEqual(cpu_of_trees([os.getpid()]), cpu_of_trees([program.pid]))

    def test_waiting_ends_when_the_program_that_is_waited_for_has_ended(self):
        program = self.program("raise SystemExit(3)")
        with self.assertRaisesRegex(ProgramFailed, "test ended with 3"):
            until("never", lambda: False, 30, 0.01, [program])

    def test_waiting_has_an_end(self):
        with self.assertRaisesRegex(ProgramFailed, "not within 0 s: the moon"):
            until("the moon", lambda: False, 0, 0)


if __name__ == "__main__":
    unittest.main()
