"""The dashboard in headless Chromium against real servers: live without a reload, no console error, http and https.

    python3 Tests/Pages [--screenshots FOLDER] [-k PATTERN] ...
"""

import argparse
import os
import sys
import unittest

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
from page_case import PageCase  # noqa: E402

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--screenshots", metavar="FOLDER", help="leave pictures of the pages there")
options.add_argument("-k", metavar="PATTERN", action="append", help="only tests whose names have this in them")
arguments = options.parse_args()
if arguments.screenshots:
    PageCase.screenshots = os.path.abspath(arguments.screenshots)
    os.makedirs(PageCase.screenshots, exist_ok=True)
loader = unittest.TestLoader()
if arguments.k:
    loader.testNamePatterns = [f"*{pattern}*" for pattern in arguments.k]
try:
    result = unittest.TextTestRunner(verbosity=2).run(loader.discover(FOLDER, "*_test.py"))
finally:
    PageCase.end()
sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
