"""`.build/bench.json`: the figures of all benchmarks, a list of `{name, value, unit}`."""

import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATH = os.path.join(ROOT, ".build", "bench.json")


def add(figures, path=PATH):
    """Replaces the figures of the same names and leaves those of other benchmarks."""
    names = {figure["name"] for figure in figures}
    others = []
    if os.path.exists(path):
        with open(path) as file:
            others = [figure for figure in json.load(file) if figure["name"] not in names]
    # Whoever reads meanwhile sees the list of before or of after.
    with open(f"{path}.new", "w") as file:
        json.dump(others + figures, file, indent=2)
    os.replace(f"{path}.new", path)
