#!/usr/bin/env python3
"""Audit of a Debian package database, in steps that a workflow runs: read, analyse (in parts), join, report.

Each step is `main({"step": …})`. Large results are files in the run's folder, written whole or not at all, so that a
step that is run again finds or makes the same. Only the standard library is used.
"""

import collections
import hashlib
import json
import os
import pathlib
import re
import tempfile
import time

import report

# Of about every tenth package, the files that are checked against their md5sums.
SAMPLE_EVERY = 10
SAMPLE_FILES = 40
SAMPLE_BYTES = 8 << 20


def main(input):
    steps = {"read": read, "analyse": analyse, "join": join, "report": write_report}
    return steps[input["step"]](input)


# ---------------------------------------------------------------- steps


def read(input):
    """Reads the database and deals its packages out to the parts."""
    status = pathlib.Path(input["status"])
    packages = [p for p in map(package, stanzas(status)) if p]
    folder = run_folder(input["workspace"], input["run"])
    parts = int(input["parts"])
    installed = [p for p in packages if is_installed(p)]
    for part in range(1, parts + 1):
        write_json(folder / f"part-{part}.json", installed[part - 1 :: parts])
    write_json(
        folder / "index.json",
        {
            "status": str(status),
            "root": str(root_of(status)),
            "info": str(status.parent / "info"),
            "native": native_architecture(installed),
            "unfinished": [
                {"package": p["name"], "state": p["state"]} for p in packages if is_unfinished(p)
            ],
            "candidates": candidates(installed),
        },
    )
    print(f"{len(packages)} packages in {status}, {len(installed)} of them installed")
    return {"folder": str(folder), "packages": len(installed), "parts": parts}


def analyse(input):
    """Sizes, broken dependencies and a sample of files of one part."""
    folder = pathlib.Path(input["folder"])
    index = read_json(folder / "index.json")
    part = read_json(folder / f"part-{input['part']}.json")
    sections = collections.defaultdict(lambda: {"packages": 0, "installed_kib": 0})
    broken = []
    files = {"packages": 0, "checked": 0, "missing": 0, "changed": []}
    for p in part:
        section = sections[p["section"]]
        section["packages"] += 1
        section["installed_kib"] += p["size"]
        broken += broken_dependencies(p, index)
        if is_sampled(p):
            check_files(p, index, files)
    largest = sorted(part, key=lambda p: -p["size"])[:20]
    result = {
        "packages": len(part),
        "installed_kib": sum(p["size"] for p in part),
        "sections": sections,
        "broken": broken,
        "files": files,
        "largest": [{"package": p["name"], "version": p["version"], "kib": p["size"]} for p in largest],
    }
    write_json(folder / f"analysis-{input['part']}.json", result)
    print(f"part {input['part']}: {len(part)} packages, {len(broken)} broken, {files['checked']} files checked")
    return {
        "packages": len(part),
        "installed_kib": result["installed_kib"],
        "broken": broken_packages(broken),
        "files_checked": files["checked"],
        "files_changed": len(files["changed"]),
    }


def join(input):
    """Puts the parts' results together."""
    folder = pathlib.Path(input["folder"])
    index = read_json(folder / "index.json")
    parts = [read_json(folder / f"analysis-{part}.json") for part in range(1, int(input["parts"]) + 1)]
    sections = collections.defaultdict(lambda: {"packages": 0, "installed_kib": 0})
    for part in parts:
        for name, section in part["sections"].items():
            for key, value in section.items():
                sections[name][key] += value
    joined = {
        "status": index["status"],
        "packages": sum(part["packages"] for part in parts),
        "installed_kib": sum(part["installed_kib"] for part in parts),
        "sections": dict(sorted(sections.items(), key=lambda item: (-item[1]["installed_kib"], item[0]))),
        "broken": sorted((b for part in parts for b in part["broken"]), key=lambda b: (b["package"], b["needs"])),
        "unfinished": index["unfinished"],
        "files": {
            "packages": sum(part["files"]["packages"] for part in parts),
            "checked": sum(part["files"]["checked"] for part in parts),
            "missing": sum(part["files"]["missing"] for part in parts),
            "changed": sorted(path for part in parts for path in part["files"]["changed"]),
        },
        "largest": sorted((p for part in parts for p in part["largest"]), key=lambda p: (-p["kib"], p["package"]))[:20],
    }
    write_json(folder / "joined.json", joined)
    print(f"{joined['packages']} packages in {len(sections)} sections, {len(joined['broken'])} broken dependencies")
    return {"packages": joined["packages"], "broken": broken_packages(joined["broken"]), "sections": len(sections)}


def write_report(input):
    """Writes report.json and report.html; answers the summary."""
    folder = pathlib.Path(input["folder"])
    joined = read_json(folder / "joined.json")
    joined["host"] = os.uname().nodename
    joined["at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write_json(folder / "report.json", joined)
    page = folder / "report.html"
    write_text(page, report.html(joined))
    print(f"report: {page}")
    return {
        "packages": joined["packages"],
        "broken": broken_packages(joined["broken"]),
        "installed_kib": joined["installed_kib"],
        "sections": {name: section["installed_kib"] for name, section in joined["sections"].items()},
        "report": str(page),
    }


# ---------------------------------------------------------------- the database


def stanzas(path):
    """The records of a control file (deb822): field names in lower case, continuation lines joined."""
    fields, last = {}, None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line.strip():
                if fields:
                    yield fields
                fields, last = {}, None
            elif line[0] in " \t":
                if last:
                    fields[last] += "\n" + line.strip()
            else:
                name, _, value = line.partition(":")
                last = name.lower()
                fields[last] = value.strip()
    if fields:
        yield fields


def package(fields):
    if "package" not in fields or "status" not in fields:
        return None
    return {
        "name": fields["package"],
        "version": fields.get("version", ""),
        "architecture": fields.get("architecture", "all"),
        "multi_arch": fields.get("multi-arch", "no"),
        "state": fields["status"].split()[-1],
        "section": fields.get("section", "unknown"),
        "size": int(fields.get("installed-size", "0") or 0),
        "depends": [d for d in (fields.get("pre-depends", ""), fields.get("depends", "")) if d],
        "provides": fields.get("provides", ""),
    }


def is_installed(p):
    return p["state"] in ("installed", "triggers-awaited", "triggers-pending")


def is_unfinished(p):
    """Neither installed nor wholly removed: what `dpkg --audit` speaks of."""
    return p["state"] in ("half-installed", "unpacked", "half-configured")


def native_architecture(packages):
    """The architecture of dpkg itself, else the commonest."""
    for p in packages:
        if p["name"] == "dpkg":
            return p["architecture"]
    counts = collections.Counter(p["architecture"] for p in packages if p["architecture"] != "all")
    return counts.most_common(1)[0][0] if counts else "all"


def candidates(packages):
    """By name: what can satisfy a dependency on it, real packages and provided names."""
    found = collections.defaultdict(list)
    for p in packages:
        common = {"architecture": p["architecture"], "multi_arch": p["multi_arch"]}
        found[p["name"]].append({"version": p["version"], **common})
        for provided in split(p["provides"], ","):
            relation = parse_relation(provided)
            if relation:
                # A provided name without a version satisfies only dependencies without one (Debian policy 7.5).
                found[relation["name"]].append({"version": relation["version"], **common})
    return found


# ---------------------------------------------------------------- dependencies

RELATION = re.compile(
    r"""^ \s* (?P<name>[a-zA-Z0-9][a-zA-Z0-9+.\-]*) (?: :(?P<arch>[a-z0-9\-]+) )?
        (?: \s* \( \s* (?P<op><<|<=|=|>=|>>|<|>) \s* (?P<version>[^\s)]+) \s* \) )? \s* (?: \[.*\] )? \s* $""",
    re.VERBOSE,
)


def split(text, separator):
    return [part.strip() for part in text.split(separator) if part.strip()]


def parse_relation(text):
    match = RELATION.match(text)
    return match.groupdict() if match else None


def broken_dependencies(p, index):
    """The groups of alternatives of which nothing installed satisfies any."""
    broken = []
    for field in p["depends"]:
        for group in split(field.replace("\n", " "), ","):
            relations = [parse_relation(alternative) for alternative in split(group, "|")]
            if not any(r and satisfied(r, p, index) for r in relations):
                broken.append({"package": p["name"], "version": p["version"], "needs": group})
    return broken


def broken_packages(broken):
    return len({b["package"] for b in broken})


def satisfied(relation, p, index):
    for candidate in index["candidates"].get(relation["name"], ()):
        if not architecture_fits(relation, p, candidate, index["native"]):
            continue
        if not relation["op"]:
            return True
        if candidate["version"] and holds(candidate["version"], relation["op"], relation["version"]):
            return True
    return False


def architecture_fits(relation, p, candidate, native):
    """Multi-arch: a dependency is on a package of the same architecture, unless one side says otherwise."""
    have = native if candidate["architecture"] == "all" else candidate["architecture"]
    own = native if p["architecture"] == "all" else p["architecture"]
    if relation["arch"] == "any":
        return have == own or candidate["multi_arch"] == "allowed"
    if relation["arch"] and relation["arch"] != "native":
        return have == relation["arch"]
    return have == own or candidate["multi_arch"] == "foreign"


def holds(version, op, wanted):
    order = compare_versions(version, wanted)
    return {
        "<<": order < 0, "<=": order <= 0, "<": order <= 0, "=": order == 0,
        ">=": order >= 0, ">": order >= 0, ">>": order > 0,
    }[op]  # fmt: skip


def compare_versions(left, right):
    """Negative, zero or positive, as dpkg orders versions (deb-version(7))."""

    def parts(version):
        epoch, colon, rest = version.partition(":")
        if not colon:
            epoch, rest = "0", version
        upstream, hyphen, revision = rest.rpartition("-")
        return (int(epoch), upstream, revision) if hyphen else (int(epoch), rest, "")

    left, right = parts(left), parts(right)
    if left[0] != right[0]:
        return left[0] - right[0]
    return compare_text(left[1], right[1]) or compare_text(left[2], right[2])


def compare_text(left, right):
    """Stretches of other characters and of digits in turn; `~` sorts before the end, letters before the rest."""

    def weight(character):
        if character == "~":
            return -1
        if character.isalpha():
            return ord(character)
        return ord(character) + 256

    i = j = 0
    while i < len(left) or j < len(right):
        while (i < len(left) and not left[i].isdigit()) or (j < len(right) and not right[j].isdigit()):
            a = weight(left[i]) if i < len(left) and not left[i].isdigit() else 0
            b = weight(right[j]) if j < len(right) and not right[j].isdigit() else 0
            if a != b:
                return a - b
            i += 1
            j += 1
        start_i, start_j = i, j
        while i < len(left) and left[i].isdigit():
            i += 1
        while j < len(right) and right[j].isdigit():
            j += 1
        difference = int(left[start_i:i] or 0) - int(right[start_j:j] or 0)
        if difference:
            return difference
    return 0


# ---------------------------------------------------------------- files


def is_sampled(p):
    """The same packages at each run, spread evenly whatever their names."""
    return int.from_bytes(hashlib.sha256(p["name"].encode()).digest()[:4], "big") % SAMPLE_EVERY == 0


def check_files(p, index, files):
    """Compares up to SAMPLE_FILES files of a package with the digests that it shipped."""
    info = pathlib.Path(index["info"])
    lists = [info / f"{p['name']}.md5sums", info / f"{p['name']}:{p['architecture']}.md5sums"]
    sums = next((path for path in lists if path.is_file()), None)
    if not sums:
        return
    files["packages"] += 1
    for line in sums.read_text(encoding="utf-8", errors="surrogateescape").splitlines()[:SAMPLE_FILES]:
        digest, _, name = line.partition("  ")
        path = pathlib.Path(index["root"]) / name
        try:
            if path.stat().st_size > SAMPLE_BYTES:
                continue
            actual = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        except OSError:
            # Small images leave out documentation and translations: dpkg counts that as fine.
            files["missing"] += 1
            continue
        files["checked"] += 1
        if actual != digest:
            files["changed"].append("/" + name.encode("utf-8", "replace").decode())


def root_of(status):
    """The tree that a database describes: what stands above var/lib/dpkg/status."""
    parents = status.resolve().parents
    if len(parents) >= 4 and status.resolve().parts[-4:] == ("var", "lib", "dpkg", "status"):
        return parents[3]
    return pathlib.Path("/")


# ---------------------------------------------------------------- folders and JSON


def run_folder(workspace, run):
    """The run's folder. Below the shared temporary directory only one of our own will do."""
    if workspace:
        folder = pathlib.Path(workspace) / run
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    base = pathlib.Path(tempfile.gettempdir()) / f"beamline-package-audit-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to somebody else; give the input `workspace`")
    folder = base / run
    folder.mkdir(exist_ok=True)
    return folder


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_json(path, value):
    write_text(path, json.dumps(value, indent=1))


def write_text(path, text):
    """The file appears whole or not at all, even if two attempts write it at the same time."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
