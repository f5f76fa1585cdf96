"""Steers a server with official grpcio: python steering.py PORT TOKEN.

Prints a line a case: "ok CASE" or "not ok CASE: why".
"""
import importlib
import json
import pathlib
import sys
import tempfile
import time

import grpc
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = tempfile.TemporaryDirectory()
NAMES = ["run", "approval", "queue", "bundle", "failure", "bulk", "breaker", "limit"]


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
        self.failures = self.m["failure_grpc"].FailureServiceStub(channel)
        self.bulk = self.m["bulk_grpc"].BulkServiceStub(channel)
        self.breakers = self.m["breaker_grpc"].BreakerServiceStub(channel)
        self.limits = self.m["limit_grpc"].LimitServiceStub(channel)

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

    def failed(self):
        """A run whose approval somebody has refused."""
        r, a = self.m["run"], self.m["approval"]
        run = self.call(self.runs.StartRun, r.StartRunRequest(workflow="asked")).run_id
        ended = self.call(self.approvals.DecideApproval, a.DecideApprovalRequest(
            run_id=run, step_id="ok", approve=False, comment="no"))
        equal(ended.state, "failed")
        return run

    def case_failures(self):
        f, b, r = self.m["failure"], self.m["bulk"], self.m["run"]
        self.apply(b"bundle: asked\nworkflows: [{ name: asked, steps: [{ id: ok, uses: approval, with: {} }] }]\n")
        run = self.failed()
        letters = self.call(self.failures.ListDeadLetters, f.ListDeadLettersRequest(
            filter="state:open workflow:asked")).dead_letters
        equal([(one.run_id, one.step_id, one.error.code, one.replays) for one in letters], [(run, "ok", "rejected", 0)])
        letter = self.call(self.failures.GetDeadLetter, f.GetDeadLetterRequest(id=letters[0].id))
        equal((letter.workflow, letter.redriven_unix_us), ("asked", 0))
        refused(lambda: self.call(self.failures.GetDeadLetter, f.GetDeadLetterRequest(id="x")),
                grpc.StatusCode.INVALID_ARGUMENT)
        wrong = f.RedriveDeadLetterRequest(id=letter.id, input=b"[1]")
        refused(lambda: self.call(self.failures.RedriveDeadLetter, wrong), grpc.StatusCode.INVALID_ARGUMENT)
        redrive = f.RedriveDeadLetterRequest(id=letter.id)
        equal(self.call(self.failures.RedriveDeadLetter, redrive).state, "running")
        refused(lambda: self.call(self.failures.RedriveDeadLetter, redrive), grpc.StatusCode.FAILED_PRECONDITION)
        letter = self.call(self.failures.GetDeadLetter, f.GetDeadLetterRequest(id=letter.id))
        equal(letter.redriven_unix_us > 0, True)
        waits = self.call(self.runs.ExplainRun, r.ExplainRunRequest(run_id=run)).waits
        equal([(one.step_id, one.reason, "since" in json.loads(one.evidence)) for one in waits], [("ok", "outside", True)])

        other = self.failed()
        again = f.RerunRunRequest(run_id=other, failed=True, idempotency_key="k")
        made = self.call(self.failures.RerunRun, again)
        equal((made.created, made.run.state), (True, "running"))
        repeated = self.call(self.failures.RerunRun, again)
        equal((repeated.created, repeated.run.id), (False, made.run.id))
        elsewhere = f.RerunRunRequest(run_id=other, step="ok", idempotency_key="k")
        refused(lambda: self.call(self.failures.RerunRun, elsewhere), grpc.StatusCode.ALREADY_EXISTS)
        lonely = f.RerunRunRequest(run_id=other, step_input=b"{}")
        refused(lambda: self.call(self.failures.RerunRun, lonely), grpc.StatusCode.INVALID_ARGUMENT)

        order = b.BulkOrder(action="redrive", filter="workflow:asked", rate=100)
        match = self.call(self.bulk.MatchBulkJob, order)
        equal((match.matches, list(match.sample)), (1, [other]))
        late = b.CreateBulkJobRequest(order=order, expected=7)
        refused(lambda: self.call(self.bulk.CreateBulkJob, late), grpc.StatusCode.FAILED_PRECONDITION)
        job = self.call(self.bulk.CreateBulkJob, b.CreateBulkJobRequest(order=order, expected=1))
        equal((job.total, job.order.action, job.order.max_replays), (1, "redrive", 10))
        for _ in range(600):
            job = self.call(self.bulk.GetBulkJob, b.GetBulkJobRequest(id=job.id))
            if job.state != "running":
                break
            time.sleep(0.05)
        equal((job.state, job.dealt_with, job.failed), ("done", 1, 0))
        results = self.call(self.bulk.ListBulkRuns, b.ListBulkRunsRequest(id=job.id, outcome="done")).runs
        equal([one.run_id for one in results], [other])
        equal([one.id for one in self.call(self.bulk.ListBulkJobs, b.ListBulkJobsRequest()).jobs], [job.id])
        equal(self.call(self.bulk.CancelBulkJob, b.CancelBulkJobRequest(id=job.id)).state, "done")
        refused(lambda: self.call(self.bulk.MatchBulkJob, b.BulkOrder(action="burn", filter="a")),
                grpc.StatusCode.INVALID_ARGUMENT)
        refused(lambda: self.call(self.bulk.GetBulkJob, b.GetBulkJobRequest(id="0" * 25 + "7")),
                grpc.StatusCode.NOT_FOUND)

    def case_limits(self):
        k, l = self.m["breaker"], self.m["limit"]
        rule = k.BreakerRule(failures=3, ratio=0.5, open_us=60 * 1000000, probes=2)
        made = self.call(self.breakers.PutBreaker, k.PutBreakerRequest(task_type="shell", rule=rule))
        equal((made.kind, made.state, made.rule.failures, made.rule.ratio), ("task_type", "closed", 3, 0.5))
        equal((made.rule.window_us, made.rule.probes), (60 * 1000000, 2))
        bad = k.PutBreakerRequest(task_type="shell", rule=k.BreakerRule(ratio=2))
        refused(lambda: self.call(self.breakers.PutBreaker, bad), grpc.StatusCode.INVALID_ARGUMENT)
        tripped = self.call(self.breakers.TripBreaker, k.TripBreakerRequest(name="shell", for_us=3600 * 1000000))
        equal((tripped.state, tripped.until_unix_us > tripped.since_unix_us, tripped.trips), ("open", True, 1))
        forever = self.call(self.breakers.TripBreaker, k.TripBreakerRequest(name=tripped.id))
        equal((forever.state, forever.until_unix_us), ("open", 0))
        equal(self.call(self.breakers.ResetBreaker, k.ResetBreakerRequest(name="shell")).state, "closed")
        equal([one.name for one in self.call(self.breakers.ListBreakers, k.ListBreakersRequest()).breakers], ["shell"])
        self.call(self.breakers.DeleteBreaker, k.DeleteBreakerRequest(task_type="shell"))
        refused(lambda: self.call(self.breakers.GetBreaker, k.GetBreakerRequest(name="shell")),
                grpc.StatusCode.NOT_FOUND)

        new = l.PutLimitRequest(name="drive", of="runs", slots=2, only_new=True)
        limit = self.call(self.limits.PutLimit, new)
        equal((limit.name, limit.of, limit.slots, limit.bundle), ("drive", "runs", 2, ""))
        refused(lambda: self.call(self.limits.PutLimit, new), grpc.StatusCode.FAILED_PRECONDITION)
        changed = l.PutLimitRequest(name="drive", of="runs", slots=3, if_version=limit.version)
        equal(self.call(self.limits.PutLimit, changed).slots, 3)
        refused(lambda: self.call(self.limits.PutLimit, changed), grpc.StatusCode.FAILED_PRECONDITION)
        equal(self.call(self.limits.GetLimit, l.GetLimitRequest(name="drive", of="runs")).slots, 3)
        declared = self.call(self.limits.ListLimits, l.ListLimitsRequest()).limits
        equal([(one.name, one.bundle) for one in declared], [("drive", ""), ("shelf", "team/steered")])
        refused(lambda: self.call(self.limits.GetLimit, l.GetLimitRequest(name="drive", of="cats")),
                grpc.StatusCode.INVALID_ARGUMENT)
        self.call(self.limits.DeleteLimit, l.DeleteLimitRequest(name="drive", of="runs"))
        refused(lambda: self.call(self.limits.GetLimit, l.GetLimitRequest(name="drive", of="runs")),
                grpc.StatusCode.NOT_FOUND)
        uses = {one.quota: one for one in self.call(self.limits.GetUsage, l.GetUsageRequest()).uses}
        equal(uses["active_runs"].used > 0 and not uses["active_runs"].HasField("limit"), True)
        equal(uses["submissions_per_second"].HasField("used"), False)


def main():
    port, token = sys.argv[1:]
    with grpc.insecure_channel("127.0.0.1:" + port) as channel:
        steering = Steering(channel, token)
        for name in ["bundles", "queues", "runs", "failures", "limits"]:
            try:
                getattr(steering, "case_" + name)()
                print("ok " + name, flush=True)
            except Exception as error:
                print("not ok %s: %s" % (name, str(error).replace("\n", " ")), flush=True)


main()
