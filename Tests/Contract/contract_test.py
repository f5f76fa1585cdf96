"""openapi.yaml against a real server, by schemathesis: no 5xx, no status, type or body that is not in the document.

    python3 Tests/Contract/contract_test.py [SECONDS OF FUZZING]

Prints which operations were seen to succeed, and fails when one was not.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
from collections import defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Support"))
from cluster import Cluster  # noqa: E402
from stage import ROOT, Client, Stage, ready, until  # noqa: E402

# Streams have no end to wait for; EventTests has them.
STREAMS = {"streamEvents"}
# Needs a step that has failed for good, so a worker: the tests of dead letters have it.
ELSEWHERE = {"redriveDeadLetter"}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
WORKFLOW = {"name": "contract/one", "inputs": {"type": "object", "additionalProperties": True},
            "steps": [{"id": "ask", "uses": "approval", "with": {"message": "?"}}, {"id": "go", "uses": "wait", "with": {"signal": "go"}}]}


def known(client):
    """Things that are there, and requests about them, by operation."""
    client.call("POST", "/v1/workflows", WORKFLOW)
    run = client.start("contract/one")["id"]
    key = client.call("POST", "/v1/keys", {"name": "contract", "roles": ["viewer"]})["id"]
    client.call("PUT", "/v1/queues/contract", {"weight": 2})
    client.call("PUT", "/v1/roles/contract", {"permissions": ["runs:read"]})
    client.call("PUT", "/v1/secrets/contract", {"value": "x"})
    grant = {"subject": "s", "role": "viewer", "kind": "workflow", "name": "contract/one"}
    client.call("POST", "/v1/grants", grant)
    client.call("PUT", "/v1/breakers/contract", {"failures": 3})
    bundle = {"files": [{"name": "contract.yaml", "content": "bundle: contract\nqueues:\n  - { name: contract-bundle }\n"}]}
    client.call("POST", "/v1/apply", bundle)
    client.call("POST", "/v1/users/contract/suspend")
    job = client.call("POST", "/v1/bulk", {"action": "pause", "filter": "workflow:contract/none"})["id"]
    names = {"/v1/bulk/": {"id": job}, "/v1/bundles/": {"name": "contract"}, "/v1/breakers/": {"name": "contract"}, "/v1/runs/": {"id": run}, "/v1/workflows/": {"name": "contract%2Fone"}, "/v1/queues/": {"name": "contract"},
             "/v1/keys/": {"id": key}, "/v1/roles/": {"name": "contract"}, "/v1/secrets/": {"name": "contract"},
             "/v1/users/": {"subject": "contract"}, "/v1/tenants/": {"name": "other"}, "/v1/tokens/": {"id": "nobody"}, "/v1/session/oidc/": {"name": "company"}}
    bodies = {
        "POST /v1/runs": {"workflow": "contract/one", "input": {}}, "POST /v1/workflows": WORKFLOW,
        "POST /v1/workflows/validate": WORKFLOW, "POST /v1/grants": grant, "POST /v1/grants/remove": grant,
        "POST /v1/keys": {"name": "more", "roles": ["viewer"]}, "PUT /v1/roles/{name}": {"permissions": ["runs:read"]},
        "POST /v1/apply": bundle, "PUT /v1/breakers/{name}": {"failures": 4}, "POST /v1/breakers/{name}/trip": {"for": "10m"},
        "PUT /v1/secrets/{name}": {"value": "y"}, "PUT /v1/queues/{name}": {"weight": 3},
    }
    return names, bodies


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "25"
    folder = tempfile.mkdtemp(prefix="beamline-contract-")
    cluster = Cluster()
    stage = None
    try:
        stage = Stage(cluster, folder)
        master = os.path.join(folder, "master.keys")
        with open(master, "w") as file:
            file.write(stage.run("secret", "master-key"))
        os.chmod(master, 0o600)
        identity = os.path.join(folder, "identity.json")
        with open(identity, "w") as file:
            # Nobody answers there: whoever wants to sign in is sent back to the dashboard with the reason.
            json.dump({"issuers": [{"name": "company", "url": "http://127.0.0.1:9", "tenant": {"name": "default"}, "roles": {"always": ["viewer"]},
                                    "client": {"id": "x", "public_url": "http://127.0.0.1:9"}}]}, file)
        server = stage.server("contract", identity=identity, master_key_file=master, rate_limits="read=none,write=none,start=none,failures=1000000/1s")
        ready(server.url)
        cluster.sql("INSERT INTO tenants (name) VALUES ('other')")
        token = stage.token("platform-admin")
        client = Client(server.url, token)
        names, bodies = known(client)
        operations = document(server.url)
        paths = {f"{method} {path}": value for method, path in operations for start, value in names.items() if path.startswith(start)}
        environment = dict(os.environ, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=HERE, CONTRACT_KNOWN=json.dumps({"paths": paths, "bodies": bodies}))
        har = os.path.join(folder, "requests.har")
        command = [
            os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", os.path.join(ROOT, "openapi.yaml"), "--url", server.url,
            "--header", f"authorization: Bearer {token}", "--checks", CHECKS, "--continue-on-failure", "--phases", "examples,coverage,fuzzing",
            "--max-time", seconds, "--report", "har", "--report-har-path", har, "--request-timeout", "20", "--warnings", "off",
            "--suppress-health-check", "all", "--generation-database", "none", "--no-shrink", "--seed", "1",
        ]
        for operation in STREAMS:
            command += ["--exclude-operation-id", operation]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
        print(done.stdout[-12_000:], done.stderr[-2_000:])
        reached, statuses = summary(har, operations, server.url)
        # Whatever quotas the fuzzer has thought of for us, they are tried by now.
        client.call("PUT", "/v1/tenants/default/quotas", {"limits": {}})
        explicit(client, operations, paths, bodies, reached)
        missing = sorted(operations[key] for key in operations if operations[key] not in STREAMS | ELSEWHERE and key not in reached)
        total = len([name for name in operations.values() if name not in STREAMS | ELSEWHERE])
        print(f"{total - len(missing)} of {total} operations were seen to succeed ({100 * (total - len(missing)) // total} %); not: {', '.join(missing) or 'none'}")
        print(f"{sum(statuses.values())} requests: " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
        return 1 if done.returncode != 0 or missing or any(status >= 500 and status != 503 for status in statuses) else 0
    finally:
        if stage:
            stage.end()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def document(url):
    """The operations of openapi.yaml: id by method and path."""
    import yaml

    with open(os.path.join(ROOT, "openapi.yaml")) as file:
        paths = yaml.safe_load(file)["paths"]
    return {(method.upper(), path): operation["operationId"] for path, item in paths.items() for method, operation in item.items() if method != "parameters"}


def summary(har, operations, url):
    """Which operations answered 2xx or 3xx, and how often each status came."""
    reached, statuses = set(), defaultdict(int)
    with open(har) as file:
        for entry in json.load(file)["log"]["entries"]:
            status = entry["response"]["status"]
            statuses[status] += 1
            if 200 <= status < 400:
                found = match(operations, entry["request"]["method"], entry["request"]["url"][len(url):].split("?")[0])
                if found:
                    reached.add(found)
    return reached, statuses


def match(operations, method, path):
    parts = path.split("/")
    fits = [
        (known, pattern) for known, pattern in operations
        if known == method and len(pattern.split("/")) == len(parts) and all(a == b or a.startswith("{") for a, b in zip(pattern.split("/"), parts))
    ]
    return min(fits, key=lambda found: found[1].count("{"), default=None)


def explicit(client, operations, paths, bodies, reached):
    """What succeeds once only, or only in an order, and what chance has left out: asked by hand."""
    first, second = (client.start("contract/one")["id"] for _ in range(2))
    until("the run waits", lambda: client.call("GET", "/v1/approvals")["approvals"])
    code = client.call("POST", "/v1/session/codes")["code"]
    steps = [
        ("POST", "/v1/runs/{id}/pause", f"/v1/runs/{first}/pause", None), ("POST", "/v1/runs/{id}/resume", f"/v1/runs/{first}/resume", None),
        ("POST", "/v1/runs/{id}/signals/{name}", f"/v1/runs/{first}/signals/go", {}),
        ("POST", "/v1/runs/{id}/approvals/{step}/delegate", f"/v1/runs/{second}/approvals/ask/delegate", {"to": "somebody"}),
        ("POST", "/v1/runs/{id}/approvals/{step}", f"/v1/runs/{first}/approvals/ask", {"decision": "approve"}),
        ("POST", "/v1/runs/{id}/cancel", f"/v1/runs/{second}/cancel", None), ("POST", "/v1/session", "/v1/session", {"code": code}),
    ]
    done = {(method, pattern) for method, pattern, _, _ in steps}
    known(client)
    for method, pattern in sorted(operations, key=lambda operation: operation[0] == "DELETE"):
        if (method, pattern) not in reached | done and operations[method, pattern] not in STREAMS | ELSEWHERE:
            label = f"{method} {pattern}"
            path = pattern
            for name, value in paths.get(label, {}).items():
                path = path.replace("{" + name + "}", value)
            steps.append((method, pattern, path, bodies.get(label)))
    for method, pattern, path, body in steps:
        try:
            with contextlib.suppress(json.JSONDecodeError):
                client.call(method, path, body, sec_fetch_site="same-origin")
            reached.add((method, pattern))
        except urllib.error.HTTPError as error:
            print(f"{method} {path} answers {error.code}: {error.read()[:300]}")


if __name__ == "__main__":
    sys.exit(main())
