"""Half of the generated requests name things that are there, so that they get past 404; the others stay as they are."""

import json
import os

import schemathesis

KNOWN = json.loads(os.environ["CONTRACT_KNOWN"])
BODIES = {label: body for label, body in KNOWN["bodies"].items()}
turn = 0


def every_second():
    global turn
    turn += 1
    return turn % 2 == 0


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    names = KNOWN["paths"].get(context.operation.label, {})
    if path_parameters and names and every_second():
        path_parameters.update(names)
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    known = BODIES.get(context.operation.label)
    return known if known is not None and every_second() else body


@schemathesis.hook
def map_query(context, query):
    # Filters and cursors that nobody has are refused; without any, lists are answered.
    if query and query.get("wait") == "30s":
        query["wait"] = "100ms"
    return {} if query and every_second() else query
