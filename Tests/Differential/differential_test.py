"""Expressions and JSON Schemas from a seed, judged by `beamline` and by independent implementations (PyPI): Google's
cel-expr-python for CEL, jsonschema-rs for JSON Schema. Prints each difference; ends with 1 when there are any.

    DIFFERENTIAL_SEED (1), DIFFERENTIAL_COUNT (20000), BEAMLINE (.build/release/beamline)
"""
import base64
import datetime
import json
import math
import os
import re
import subprocess
import sys

import jsonschema_rs
from cel_expr_python import cel
from cel_expr_python.ext import ext_strings
from expressions import Expressions
from schemas import Schemas

BEAMLINE = os.environ.get("BEAMLINE", ".build/release/beamline")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ERROR = ["error"]


def double(number):
    return ["double", "NaN" if math.isnan(number) else repr(float(number))]


def microseconds(delta):
    return (delta.days * 86400 + delta.seconds) * 10**6 + delta.microseconds


def ours(value):
    """A typed value of `beamline expression eval`, in the form in which values are compared."""
    ((kind, content),) = value.items()
    match kind:
        case "nullValue": return ["null"]
        case "int64Value" | "uint64Value": return [kind[:-7], int(content)]
        case "doubleValue": return double(float(content))
        case "bytesValue": return ["bytes", base64.b64decode(content).hex()]
        case "listValue": return ["list", [ours(element) for element in content["values"]]]
        case "mapValue":
            return ["map", sorted([json.dumps(ours(e["key"])), ours(e["value"])] for e in content["entries"])]
        case "objectValue" if content["@type"].endswith("Timestamp"):
            time = datetime.datetime.fromisoformat(content["value"].replace("Z", "+00:00"))
            return ["timestamp", microseconds(time - EPOCH)]
        case "objectValue":
            whole, _, fraction = content["value"].rstrip("s").lstrip("-").partition(".")
            total = int(whole) * 10**6 + int(fraction[:6].ljust(6, "0"))
            return ["duration", -total if content["value"].startswith("-") else total]
        case _: return [kind.removesuffix("Value"), content]


def theirs(value):
    kind, content = value.type().name().lower(), value.value()
    match kind.split("<")[0]:
        case "null": return ["null"]
        case "int" | "uint": return [kind, content]
        case "double": return double(content)
        case "bytes": return ["bytes", content.hex()]
        case "list": return ["list", [theirs(element) for element in content]]
        case "map": return ["map", sorted([json.dumps(key(name)), theirs(content[name])] for name in content)]
        case "timestamp": return ["timestamp", microseconds(content.replace(tzinfo=datetime.timezone.utc) - EPOCH)]
        case "duration": return ["duration", microseconds(content)]
        case "type": return ["type", content.name().lower().split("<")[0]]
        case "error": return ERROR
        case name: return [name, content]


def key(name):
    if isinstance(name, str):
        return ["string", name]
    # A key's type is lost in Python; the only unsigned one is 2.
    return ["uint" if name == 2 else "int", name]


def answers(arguments, lines):
    done = subprocess.run([BEAMLINE, *arguments], input="\n".join(lines), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def excused(message):
    """Where the peer departs from the language definition (docs/proof.md)."""
    return "int(bool)" in message or re.search(r'^(int|uint|double): "(\s.*|.*\s|\+.*)" is no ', message)


def check_expressions(seed, count):
    environment = cel.NewEnv(extensions=[ext_strings.ExtStrings()])
    made = Expressions(seed)
    texts = [made.one() for _ in range(count)]
    lines = [json.dumps({"id": index, "expr": text}) for index, text in enumerate(texts)]
    differences = 0
    for text, answer in zip(texts, answers(["expression", "eval", "--jsonl"], lines), strict=True):
        found = ours(answer["value"]) if "value" in answer else ERROR
        try:
            expected = theirs(environment.compile(text, disable_check=True).eval(data={}))
        except Exception as error:
            # An expression that it does not compile, and values that Python cannot hold.
            expected = None if "convert" in str(error) else ERROR
        if expected is None or found == expected or excused(answer.get("error", {}).get("message", "")):
            continue
        differences += 1
        print(f"{text}\n    beamline {found} {answer.get('error', {}).get('message', '')}\n    peer     {expected}")
    return differences


def check_schemas(seed, count):
    made = Schemas(seed)
    cases = []
    while len(cases) < count:
        schema = made.document()
        cases += [(schema, made.instance()) for _ in range(6)]
    lines = [json.dumps({"id": i, "schema": s, "instance": x}) for i, (s, x) in enumerate(cases)]
    differences, validators = 0, {}
    for (schema, instance), answer in zip(cases, answers(["schema", "check", "--jsonl"], lines), strict=True):
        if answer.get("error", {}).get("code") == "endless_reference":
            continue
        try:
            if id(schema) not in validators:
                validators = {id(schema): jsonschema_rs.Draft202012Validator(schema)}
            expected = validators[id(schema)].is_valid(instance)
        except Exception as error:
            expected = f"error {error}"
        found = f"error {answer['error']['message']}" if "error" in answer else answer["valid"]
        if found == expected or (isinstance(found, str) and isinstance(expected, str)):
            continue
        differences += 1
        print(f"{json.dumps(schema)}\n{json.dumps(instance)}\n    beamline {found}\n    peer     {expected}")
    return differences


if __name__ == "__main__":
    seed, count = int(os.environ.get("DIFFERENTIAL_SEED", 1)), int(os.environ.get("DIFFERENTIAL_COUNT", 20000))
    expressions, schemas = check_expressions(seed, count), check_schemas(seed, count)
    print(f"seed {seed}: {count} expressions, {expressions} differences; {count} schemas, {schemas} differences")
    # Without the interpreter's own end: a library of the peer's brings that down.
    sys.stdout.flush()
    os._exit(1 if expressions or schemas else 0)
