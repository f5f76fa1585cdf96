import assert from "node:assert/strict";
import test from "node:test";
import { applyChange, tally, waterfall } from "../../web/model/run.js";

const run = () => ({
  id: "R1",
  state: "running",
  revision: 3,
  created_at: "2026-01-01T00:00:00.000000Z",
  steps: [
    { id: "a", state: "succeeded", attempt: 1, attempts: [] },
    { id: "b", state: "ready", attempt: 0, attempts: [] },
  ],
});

test("a change moves the step that it names, and the run", () => {
  const next = applyChange(run(), { run: "R1", revision: 4, state: "succeeded", steps: [{ index: 1, state: "succeeded", attempt: 1 }] });
  assert.equal(next.state, "succeeded");
  assert.equal(next.revision, 4);
  assert.equal(next.steps[1].state, "succeeded");
  assert.equal(next.steps[0].state, "succeeded");
});

test("an older revision and another run's change do nothing", () => {
  const before = run();
  assert.equal(applyChange(before, { run: "R1", revision: 2, state: "failed", steps: [] }), before);
  assert.equal(applyChange(before, { run: "R2", revision: 9, state: "failed", steps: [] }), before);
});

test("a claim that is seen late does not reopen an ended step", () => {
  const next = applyChange(run(), { run: "R1", steps: [{ index: 0, state: "running", attempt: 1 }, { index: 1, state: "running", attempt: 1 }] });
  assert.equal(next.steps[0].state, "succeeded");
  assert.equal(next.steps[1].state, "running");
  assert.equal(next.revision, 3);
});

test("the waterfall tells queue time from worker time and lets what is live grow", () => {
  const value = run();
  value.steps[1].state = "running";
  value.steps[1].attempts = [{ attempt: 1, state: "running", worker: "w", enqueued_at: "2026-01-01T00:00:00.100Z", leased_at: "2026-01-01T00:00:00.300Z" }];
  const { rows, total } = waterfall(value, Date.parse("2026-01-01T00:00:01.000Z"));
  assert.deepEqual(rows[1].bars[0], { attempt: 1, state: "running", worker: "w", queued: 100, leased: 300, end: 1000 });
  assert.equal(total, 1000);
});

test("tally counts by state", () => {
  assert.deepEqual(tally(run().steps), { succeeded: 1, ready: 1 });
});
