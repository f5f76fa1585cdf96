"""From rows to figures: medians, and Beamline against the fastest peer."""

import statistics

from peer import MODES


def median_rates(rows):
    """{mode: {peer: (median, lowest, highest)}} of the rounds; failed rows have no rate."""
    found = {mode: {} for mode in MODES}
    for row in rows:
        if "steps_per_s" in row:
            found[row["mode"]].setdefault(row["peer"], []).append(row["steps_per_s"])
    return {
        mode: {peer: (statistics.median(rates), min(rates), max(rates)) for peer, rates in peers.items()}
        for mode, peers in found.items()
    }


def best_settings(rows):
    """{(peer, mode): setting} with the highest rate of the trials."""
    best = {}
    for row in rows:
        if "steps_per_s" in row:
            key = row["peer"], row["mode"]
            if key not in best or row["steps_per_s"] > best[key]["steps_per_s"]:
                best[key] = row
    return {key: row["setting"] for key, row in best.items()}


def ratio(rates, kinds, wanted):
    """Beamline's median over the fastest median of the systems of a kind; None if one side is missing."""
    others = [median for peer, (median, _, _) in rates.items() if kinds[peer] == wanted]
    ours = [median for peer, (median, _, _) in rates.items() if kinds[peer] == "beamline"]
    return ours[0] / max(others) if ours and others else None


def figures(rows, kinds):
    """A list of `{name, value, unit}`. `peer_ratio` is the lowest of the modes' ratios: what holds in all of them."""
    rates = median_rates(rows)
    found = []
    for mode in MODES:
        for peer, (median, _, _) in rates[mode].items():
            found.append({"name": f"peers_{peer}_{mode}_steps_per_s", "value": round(median, 1), "unit": "steps/s"})
    for wanted, name in (("peer", "peer_ratio"), ("yardstick", "bare_loop_ratio")):
        ratios = {mode: ratio(rates[mode], kinds, wanted) for mode in MODES}
        known = {mode: value for mode, value in ratios.items() if value is not None}
        found += [{"name": f"{name}_{mode}", "value": round(value, 2), "unit": "ratio"} for mode, value in known.items()]
        if len(known) == len(MODES):
            found.append({"name": name, "value": round(min(known.values()), 2), "unit": "ratio"})
    return found
