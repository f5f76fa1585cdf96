"""The audit's report as one HTML file that needs nothing else."""

import html as escape_module

STYLE = """
:root { color-scheme: light dark;
  --ground: light-dark(#f6f5f1, #15171a); --panel: light-dark(#ffffff, #1d2024); --ink: light-dark(#1c1d1f, #e9e7e2);
  --soft: light-dark(#6b6d70, #9a9c9f); --line: light-dark(#e3e1da, #2d3136); --bar: light-dark(#31688e, #6ba6cf);
  --good: light-dark(#23734a, #6cc495); --bad: light-dark(#b3341f, #f08c78); }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif }
main { max-width: 1040px; margin: 0 auto; padding: 48px 24px 80px }
h1 { font-size: 30px; line-height: 1.2; margin: 0; letter-spacing: -.01em; font-weight: 650 }
h2 { font-size: 17px; margin: 48px 0 12px; font-weight: 650 }
p.lead { color: var(--soft); margin: 6px 0 32px }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px }
.figure { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px }
.figure b { display: block; font-size: 28px; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums }
.figure span { color: var(--soft) }
.good b { color: var(--good) } .bad b { color: var(--bad) }
table { width: 100%; border-collapse: collapse; background: var(--panel); border: 1px solid var(--line);
  border-radius: 10px; overflow: hidden }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px }
th, td { padding: 7px 18px; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
thead th { border-top: 0 }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.track { width: 45%; } .track div { height: 10px; margin-top: 6px; min-width: 2px; border-radius: 3px;
  background: var(--bar) }
.none { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px;
  color: var(--soft); margin: 0 }
code { font: 13px ui-monospace, "Liberation Mono", monospace }
@media (max-width: 640px) { .track { display: none } th, td { padding: 7px 10px } }
"""


def html(audit):
    broken = audit["broken"]
    files = audit["files"]
    changed = files["changed"]
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Packages of {text(audit["host"])}</title>
<style>{STYLE}</style>
<main>
<h1>Packages of {text(audit["host"])}</h1>
<p class="lead"><code>{text(audit["status"])}</code>, read {text(audit["at"].replace("T", " ").replace("Z", " UTC"))}</p>
<div class="figures">
{figure(f'{audit["packages"]:,}', "installed packages")}
{figure(size(audit["installed_kib"]), f'in {len(audit["sections"])} sections')}
{figure(f"{len(broken):,}", "broken dependencies", "bad" if broken else "good")}
{figure(f"{len(changed):,}", f'changed of {files["checked"]:,} files checked', "bad" if changed else "good")}
</div>
<h2>Size by section</h2>
{sections(audit["sections"])}
<h2>Broken dependencies</h2>
{table(("Package", "Version", "Needs"), [(b["package"], b["version"], b["needs"]) for b in broken],
       "Every dependency of every installed package is satisfied.")}
{unfinished(audit["unfinished"])}
<h2>Changed files</h2>
{table(("File",), [(path,) for path in changed],
       f'None of {files["checked"]:,} files in {files["packages"]:,} sampled packages differs from what was shipped.')}
<h2>Largest packages</h2>
{table(("Package", "Version", "Size"), [(p["package"], p["version"], size(p["kib"])) for p in audit["largest"]], "",
       numbers={2})}
</main>
</html>
"""


def sections(values):
    most = max((section["installed_kib"] for section in values.values()), default=0) or 1
    rows = "\n".join(
        f'<tr><td>{text(name)}<td class="track"><div style="width:{100 * section["installed_kib"] / most:.1f}%"></div>'
        f'<td class="number">{size(section["installed_kib"])}<td class="number">{section["packages"]:,}'
        for name, section in values.items()
    )
    return (
        '<table><thead><tr><th>Section<th class="track"><th class="number">Installed<th class="number">Packages'
        f"<tbody>\n{rows}\n</table>"
    )


def unfinished(packages):
    if not packages:
        return ""
    return "<h2>Unfinished installations</h2>" + table(
        ("Package", "State"), [(p["package"], p["state"]) for p in packages], ""
    )


def table(heads, rows, empty, numbers=frozenset()):
    if not rows:
        return f'<p class="none">{text(empty)}</p>'

    def kind(column):
        return ' class="number"' if column in numbers else ""

    head = "".join(f"<th{kind(i)}>{text(name)}" for i, name in enumerate(heads))
    body = "\n".join("<tr>" + "".join(f"<td{kind(i)}>{text(cell)}" for i, cell in enumerate(row)) for row in rows)
    return f"<table><thead><tr>{head}<tbody>\n{body}\n</table>"


def figure(value, label, kind=""):
    return f'<div class="figure {kind}"><b>{text(value)}</b><span>{text(label)}</span></div>'


def size(kib):
    if kib >= 1 << 20:
        return f"{kib / (1 << 20):.2f} GiB"
    if kib >= 1 << 10:
        return f"{kib / (1 << 10):.1f} MiB"
    return f"{kib:,} KiB"


def text(value):
    return escape_module.escape(str(value))
