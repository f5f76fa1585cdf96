"""The results for people: a table on the terminal; a section, charts and all rows under docs/.

    Benchmarks/peers/report.py        writes docs/ from .build/bench-peers.json
"""

import json
import os
import textwrap

from chart import bar_chart
from figures import median_rates
from peer import BATCH, CALLERS, MODES

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULTS = os.path.join(ROOT, ".build", "bench-peers.json")
PAGE = os.path.join(ROOT, "docs", "benchmarks.md")
ROWS = os.path.join(ROOT, "docs", "peers-rows.tsv")
BEGIN, END = "<!-- peers: made by Benchmarks/peers/report.py -->", "<!-- /peers -->"
TITLES = {
    "one_call": f"Single-step runs, one call a run, {CALLERS} callers",
    "batched": f"Single-step runs, {BATCH} in a call, {CALLERS} callers",
    "burn_down": "Burning down ready steps",
}
COLUMNS = ("phase", "round", "peer", "setting", "mode", "steps", "seconds", "steps_per_s", "peer_cpu_us_per_step",
           "store_cpu_us_per_step", "log_bytes_per_step", "log_flushes", "error")


def chart_path(mode):
    return os.path.join(ROOT, "docs", "images", f"peers-{mode.replace('_', '-')}.svg")


def cells(results):
    """The table: a line a system, the fastest in `one_call` first."""
    rates = median_rates(results["rows"])

    def cell(peer, mode):
        if peer not in rates[mode]:
            return "–"
        median, lowest, highest = rates[mode][peer]
        return f"{median:,.0f} ({lowest:,.0f}–{highest:,.0f})"

    order = sorted(results["peers"], key=lambda peer: -max((rates[mode].get(peer, (0,))[0] for mode in MODES)))
    for peer in order:
        told = results["peers"][peer]
        yield [f"{told['label']} {told['version']}", told["store"], *(cell(peer, mode) for mode in MODES)]


def head():
    return ["steps a second: median of the rounds (lowest–highest)", "store", "one call a run", f"{BATCH} a call", "burn-down"]


def terminal(results):
    lines = [head(), *cells(results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def settings_table(results):
    lines = ["| system | one call a run | batched | burn-down |", "|---|---|---|---|"]
    for peer, told in results["peers"].items():
        lines.append(f"| {told['label']} | " + " | ".join(results["best"].get(peer, {}).get(mode, "–") for mode in MODES) + " |")
    return lines


def cost_table(results):
    """Medians of what a step costs."""
    import statistics

    lines = ["| CPU a step (µs): its programs + its store; log octets a step | one call a run | batched | burn-down |", "|---|---|---|---|"]
    for peer, told in results["peers"].items():
        texts = []
        for mode in MODES:
            rows = [row for row in results["rows"] if row["peer"] == peer and row["mode"] == mode and "steps_per_s" in row]
            if rows:
                own, store, octets = (statistics.median(row[name] for row in rows) for name in
                                      ("peer_cpu_us_per_step", "store_cpu_us_per_step", "log_bytes_per_step"))
                texts.append(f"{own:,.0f} + {store:,.0f}; {octets:,.0f}")
            else:
                texts.append("–")
        lines.append(f"| {told['label']} | " + " | ".join(texts) + " |")
    return lines


def paragraph(text):
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def section(results):
    figures = {figure["name"]: figure["value"] for figure in results["figures"]}
    machine, durable = results["machine"], results["durable"]
    table = [f"| {' | '.join(head())} |", "|---|---|---|---|---|", *(f"| {' | '.join(line)} |" for line in cells(results))]
    shown = "; ".join(f"{store}: " + ", ".join(f"`{name} {value}`" for name, value in values.items()) for store, values in durable.items())
    ratios = ", ".join(f"{figures[f'peer_ratio_{mode}']:.1f} ({words})" for mode, words in
                       (("one_call", "one call a run"), ("batched", "batched"), ("burn_down", "burn-down")) if f"peer_ratio_{mode}" in figures)
    bare = ", ".join(f"{figures[f'bare_loop_ratio_{mode}']:.2f}" for mode in MODES if f"bare_loop_ratio_{mode}" in figures)
    return "\n".join([
        BEGIN,
        paragraph(f"{results['date']}, {results['rounds']} rounds of about {results['seconds']:g} s each, on {machine['cores']} cores "
        f"({machine['processor']}), {machine['memory_gib']} GiB, {machine['system']}, Linux {machine['kernel']}, PostgreSQL "
        f"{results['servers']['PostgreSQL']}" + (f", Redis {results['servers']['Redis']}" if "Redis" in results["servers"] else "") + "."
        + (f" {results['note']}" if results.get("note") else "")),
        "",
        paragraph(f"Asked of the servers during the run: {shown}."),
        "",
        *(f"![{TITLES[mode]}](images/{os.path.basename(chart_path(mode))})\n" for mode in MODES),
        *table,
        "",
        *([f"Beamline over the fastest durable peer: {ratios}."] if ratios else []),
        *([f"Over the bare loop in the same order: {bare}."] if bare else []),
        "",
        "The best setting of each, found by a trial of all of them:",
        "",
        *settings_table(results),
        "",
        *cost_table(results),
        "",
        "Every row, those of the trials too: [peers-rows.tsv](peers-rows.tsv).",
        END,
    ])


def write_docs(results):
    rates = median_rates(results["rows"])
    for mode in MODES:
        bars = [(results["peers"][peer]["label"], results["peers"][peer]["kind"], *rate) for peer, rate in rates[mode].items()]
        note = "steps a second, durable; median of the rounds, line: lowest to highest; dashed: no product, the bare loop"
        with open(chart_path(mode), "w") as file:
            file.write(bar_chart(TITLES[mode], note, bars))
    with open(ROWS, "w") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for row in results["trials"] + results["rows"]:
            file.write("\t".join(str(row.get(column, "")).replace("\n", " ") for column in COLUMNS) + "\n")
    with open(PAGE) as file:
        page = file.read()
    before, found, rest = page.partition(BEGIN)
    if not found or END not in rest:
        raise SystemExit(f"{PAGE} has no place for the peers: the lines {BEGIN} and {END}")
    with open(PAGE, "w") as file:
        file.write(before + section(results) + rest.partition(END)[2])


if __name__ == "__main__":
    with open(RESULTS) as results:
        write_docs(json.load(results))
