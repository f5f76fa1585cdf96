"""A bar chart as SVG that suits light and dark pages: no background, colours by the reader's preference."""

from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 760, 190, 96
TOP, ROW, BAR = 62, 34, 18
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328; font-variant-numeric: tabular-nums }
  .title { font-size: 16px; font-weight: 600 }
  .note, .unit { fill: #59636e; font-size: 12px }
  .value { font-weight: 600 }
  .beamline { fill: #0d7d74 } .peer { fill: #8c959f } .yardstick { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
  .spread { stroke: #1f2328; stroke-width: 1.5; opacity: .55 }
  .axis { stroke: #8c959f; opacity: .5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note, .unit { fill: #9198a1 }
    .beamline { fill: #2dd4bf } .peer { fill: #6e7681 } .yardstick { stroke: #9198a1 }
    .spread { stroke: #e6edf3 } .axis { stroke: #6e7681 }
  }
"""


def bar_chart(title, note, bars):
    """`bars`: (label, kind, median, lowest, highest), drawn from the fastest down; steps a second, from zero, linear."""
    bars = sorted(bars, key=lambda bar: -bar[2])
    longest = max((bar[4] for bar in bars), default=1) or 1
    room = WIDTH - LEFT - RIGHT
    height = TOP + ROW * len(bars) + 12

    def x(value):
        return round(LEFT + room * value / longest, 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title note">',
        f"<style>{STYLE}</style>",
        f'<text id="title" class="title" x="0" y="20">{escape(title)}</text>',
        f'<text id="note" class="note" x="0" y="40">{escape(note)}</text>',
        f'<line class="axis" x1="{LEFT}" y1="{TOP - 6}" x2="{LEFT}" y2="{height - 8}"/>',
    ]
    for place, (label, kind, median, lowest, highest) in enumerate(bars):
        top = TOP + ROW * place
        middle = top + BAR / 2
        lines += [
            f'<text x="{LEFT - 10}" y="{middle + 4.5}" text-anchor="end">{escape(label)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{max(1.5, round(x(median) - LEFT, 1))}" height="{BAR}" rx="2"/>',
            f'<line class="spread" x1="{x(lowest)}" y1="{middle}" x2="{x(highest)}" y2="{middle}"/>',
            f'<text class="value" x="{max(x(median), x(highest)) + 8}" y="{middle + 4.5}">{median:,.0f}'
            '<tspan class="unit"> /s</tspan></text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
