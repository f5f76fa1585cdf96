import assert from "node:assert/strict";
import test from "node:test";
import { Access } from "../../web/model/access.js";
import { allOf, allowedActions, remaining, runs, runsFilter } from "../../web/model/job.js";

const holding = (...permissions) => new Access({ permissions, grants: [] });

test("rerun and redrive need both permissions, on the whole tenant", () => {
  assert.deepEqual(allowedActions(holding("runs:read")), []);
  assert.deepEqual(allowedActions(holding("runs:cancel")), ["cancel", "pause", "resume"]);
  assert.deepEqual(allowedActions(holding("runs:cancel", "runs:start")).at(-1), "redrive");
  const granted = new Access({ permissions: [], grants: [{ permissions: ["runs:cancel"], kind: "namespace", name: "etl" }] });
  assert.deepEqual(allowedActions(granted), []);
});

test("terms are joined, empty ones left out", () => {
  assert.equal(allOf("state:open", undefined, " ", " error:exit_1 "), "state:open error:exit_1");
});

test("letters of one run name it once; too many runs are no filter", () => {
  assert.equal(runsFilter([{ run: "A" }, { run: "B" }, { run: "A" }]), "run:A,B");
  const many = Array.from({ length: 200 }, (_, at) => ({ run: String(at).padStart(26, "0") }));
  assert.equal(runsFilter(many), null);
});

test("what is left is told by what was done, and only while the job runs", () => {
  const job = { state: "running", created_at: "2026-01-01T00:00:00Z", total: 100, dealt_with: 25 };
  const now = Date.parse("2026-01-01T00:00:10Z");
  assert.equal(remaining(job, now), 30_000);
  assert.equal(remaining({ ...job, state: "done" }, now), null);
  assert.equal(remaining({ ...job, dealt_with: 0 }, now), null);
});

test("one run, more runs", () => {
  assert.equal(runs(1), "1 run");
  assert.equal(runs(1200), "1,200 runs");
});
