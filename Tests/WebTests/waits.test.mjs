import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { obstacles, reasonNames } from "../../web/model/waits.js";

test("what can be acted upon comes first; running and needing other steps is no news", () => {
  const waits = ["dependencies", "turn", "running", "limit", "no_worker"].map((reason) => ({ reason, step: reason }));
  assert.deepEqual(obstacles(waits).shown.map(({ reason }) => reason), ["no_worker", "limit", "turn"]);
});

test("a long list is cut, and says by how much", () => {
  const waits = Array.from({ length: 30 }, (_, at) => ({ reason: "limit", step: `s${at}` }));
  const { shown, hidden } = obstacles(waits, 20);
  assert.equal(shown.length, 20);
  assert.equal(shown[0].step, "s0");
  assert.equal(hidden, 10);
});

test("every reason of the contract has a name", () => {
  const contract = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8");
  const wait = contract.slice(contract.indexOf("\n    Wait:\n"));
  const reasons = [...wait.slice(0, wait.indexOf("message:")).matchAll(/^ +- (\w+)$/gm)].map(([, reason]) => reason);
  assert.ok(reasons.length > 10);
  assert.deepEqual(reasons.filter((reason) => !(reason in reasonNames)), []);
});
