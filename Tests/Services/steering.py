"""Steers a server with official grpcio: python steering.py PORT TOKEN.

Prints a line a case: "ok CASE" or "not ok CASE: why".
"""
import importlib
import json
import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = tempfile.TemporaryDirectory()
NAMES = ["run", "approval", "queue", "bundle"]


def load():
    """Python's classes for Protos/beamline/v1, made anew at each start."""
    files = ["beamline/v1/%s.proto" % name for name in NAMES]
    status = protoc.main(["protoc", "-I%s" % (ROOT / "Protos"), "--python_out=%s" % FOLDER.name,
                          "--grpc_python_out=%s" % FOLDER.name] + files)
    if status != 0:
        raise RuntimeError("protoc: %d" % status)
    sys.path.insert(0, FOLDER.name)
    modules = {}
    for name in NAMES:
        modules[name] = importlib.import_module("beamline.v1.%s_pb2" % name)
        modules[name + "_grpc"] = importlib.import_module("beamline.v1.%s_pb2_grpc" % name)
    return modules


BUNDLE = b"""bundle: team/steered
queues: [{ name: team/q, weight: 3 }]
limits: [{ name: shelf, of: steps, slots: 2 }]
workflows:
  - name: steered
    queue: team/q
    steps:
      - { id: go, uses: wait, with: { signal: go } }
      - { id: ok, uses: approval, needs: [go], with: { message: "Go on?", reminder: 1h, timeout: 2h } }
"""

LOADED = b"""bundle: team/loaded
workflows:
  - name: loaded
    queue: team/loaded
    steps:
      - { id: one, uses: noop, concurrency: { limit: 1 } }
"""


def equal(found, wanted):
    if found != wanted:
        raise AssertionError("%r, not %r" % (found, wanted))


def refused(call, code):
    try:
        call()
    except grpc.RpcError as error:
        equal(error.code(), code)
    else:
        raise AssertionError("not refused")


class Steering:
    def __init__(self, channel, token):
        self.m = load()
        self.metadata = [("authorization", "Bearer " + token)]
        self.runs = self.m["run_grpc"].RunServiceStub(channel)
        self.approvals = self.m["approval_grpc"].ApprovalServiceStub(channel)
        self.queues = self.m["queue_grpc"].QueueServiceStub(channel)
        self.bundles = self.m["bundle_grpc"].BundleServiceStub(channel)

    def call(self, method, request):
        return method(request, metadata=self.metadata, timeout=30)

    def apply(self, content, **options):
        b = self.m["bundle"]
        return self.call(self.bundles.ApplyBundle, b.ApplyBundleRequest(
            files=[b.ApplyBundleRequest.File(name="b.yaml", content=content)], **options))

    def case_bundles(self):
        b = self.m["bundle"]
        dry = self.apply(BUNDLE, dry_run=True)
        equal([change.action for change in dry.changes], ["create"] * 3)
        made = self.apply(BUNDLE)
        equal([(one.name, one.version, one.changed) for one in made.bundles], [("team/steered", 1, True)])
        equal(self.apply(BUNDLE).changed, False)
        changed = self.apply(BUNDLE.replace(b"weight: 3", b"weight: 4"))
        difference = changed.changes[0].differences[0]
        equal((difference.path, json.loads(difference.before), json.loads(difference.after)), ("weight", 3, 4))
        equal(self.call(self.bundles.GetBundle, b.GetBundleRequest(name="team/steered", version=1)).source, BUNDLE)
        listed = self.call(self.bundles.ListBundles, b.ListBundlesRequest())
        equal([(one.name, one.version) for one in listed.bundles], [("team/steered", 2)])
        refused(lambda: self.apply(b"bundle: x\nqueues: 3\n"), grpc.StatusCode.INVALID_ARGUMENT)
        refused(lambda: self.apply(b"bundle: y\nqueues: [{ name: team/q }]\n"), grpc.StatusCode.FAILED_PRECONDITION)

    def case_queues(self):
        q = self.m["queue"]
        made = self.call(self.queues.PutQueue, q.PutQueueRequest(
            queue=q.Queue(name="bulk", discipline="priority", weight=7, concurrency=2), only_new=True))
        equal((made.discipline, made.weight, made.concurrency, made.paused), ("priority", 7, 2, False))
        again = q.PutQueueRequest(queue=q.Queue(name="bulk"), only_new=True)
        refused(lambda: self.call(self.queues.PutQueue, again), grpc.StatusCode.FAILED_PRECONDITION)
        old = q.ChangeQueueRequest(name="bulk", if_version=made.version)
        paused = self.call(self.queues.PauseQueue, old)
        equal(paused.paused, True)
        refused(lambda: self.call(self.queues.DrainQueue, old), grpc.StatusCode.FAILED_PRECONDITION)
        by_name = q.ChangeQueueRequest(name="bulk")
        equal(self.call(self.queues.DrainQueue, by_name).draining, True)
        open_again = self.call(self.queues.ResumeQueue, by_name)
        equal((open_again.paused, open_again.draining), (False, False))
        equal("bulk" in [one.name for one in self.call(self.queues.ListQueues, q.ListQueuesRequest()).queues], True)
        self.call(self.queues.DeleteQueue, by_name)
        self.apply(LOADED)
        for _ in range(2):
            self.call(self.runs.StartRun, self.m["run"].StartRunRequest(workflow="loaded"))
        loaded = self.call(self.queues.GetQueue, q.GetQueueRequest(name="team/loaded"))
        equal((loaded.ready, loaded.running, loaded.held), (1, 0, 1))
        equal(loaded in self.call(self.queues.ListQueues, q.ListQueuesRequest()).queues, True)
        refused(lambda: self.call(self.queues.GetQueue, q.GetQueueRequest(name="bulk")), grpc.StatusCode.NOT_FOUND)

    def case_runs(self):
        r, a = self.m["run"], self.m["approval"]
        run = self.call(self.runs.StartRun, r.StartRunRequest(workflow="steered")).run_id
        equal(self.call(self.runs.PauseRun, r.PauseRunRequest(run_id=run)).state, "paused")
        again = r.PauseRunRequest(run_id=run)
        refused(lambda: self.call(self.runs.PauseRun, again), grpc.StatusCode.FAILED_PRECONDITION)
        equal(self.call(self.runs.ResumeRun, r.ResumeRunRequest(run_id=run)).state, "running")
        for _ in range(2):
            self.call(self.runs.SignalRun, r.SignalRunRequest(
                run_id=run, name="go", payload=b'{"x": 1}', idempotency_key="one"))
        bad = r.SignalRunRequest(run_id=run, name="go", payload=b"{")
        refused(lambda: self.call(self.runs.SignalRun, bad), grpc.StatusCode.INVALID_ARGUMENT)
        asked = self.call(self.approvals.ListApprovals, a.ListApprovalsRequest(run_id=run)).approvals
        equal([(one.step_id, one.message, one.next) for one in asked], [("ok", "Go on?", "reminder")])
        equal(asked[0].expires_unix_us - asked[0].since_unix_us, 7200 * 1000000)
        everything = self.call(self.approvals.ListApprovals, a.ListApprovalsRequest(page_size=1))
        equal([one.run_id for one in everything.approvals], [run])
        handed = self.call(self.approvals.DelegateApproval, a.DelegateApprovalRequest(
            run_id=run, step_id="ok", to="bob", comment="on leave"))
        equal(handed.state, "running")
        decide = a.DecideApprovalRequest(run_id=run, step_id="ok", approve=True)
        refused(lambda: self.call(self.approvals.DecideApproval, decide), grpc.StatusCode.FAILED_PRECONDITION)
        decisions = self.call(self.approvals.ListApprovals, a.ListApprovalsRequest(run_id=run)).approvals[0].decisions
        equal([(one.decision, one.delegate, one.comment) for one in decisions], [("delegate", "bob", "on leave")])
        other = self.call(self.runs.StartRun, r.StartRunRequest(workflow="steered")).run_id
        self.call(self.runs.SignalRun, r.SignalRunRequest(run_id=other, name="go"))
        ended = self.call(self.approvals.DecideApproval, a.DecideApprovalRequest(
            run_id=other, step_id="ok", approve=True, comment="fine"))
        equal(ended.state, "succeeded")


def main():
    port, token = sys.argv[1:]
    with grpc.insecure_channel("127.0.0.1:" + port) as channel:
        steering = Steering(channel, token)
        for name in ["bundles", "queues", "runs"]:
            try:
                getattr(steering, "case_" + name)()
                print("ok " + name, flush=True)
            except Exception as error:
                print("not ok %s: %s" % (name, str(error).replace("\n", " ")), flush=True)


main()
