import assert from "node:assert/strict";
import test from "node:test";
import { Access } from "../../web/model/access.js";

const access = new Access({
  permissions: ["workflows:read"],
  grants: [
    { permissions: ["runs:read", "runs:cancel"], kind: "namespace", name: "etl" },
    { permissions: ["queues:operate"], kind: "queue", name: "night" },
  ],
});

test("what one may do everywhere one may do to each thing", () => {
  assert.equal(access.can("workflows:read"), true);
  assert.equal(access.can("workflows:read", "workflow", "any/thing"), true);
});

test("a namespace covers the names below it, and no others that begin alike", () => {
  assert.equal(access.can("runs:cancel", "workflow", "etl/load"), true);
  assert.equal(access.can("runs:cancel", "workflow", "etl"), false);
  assert.equal(access.can("runs:cancel", "workflow", "etl2/load"), false);
  assert.equal(access.can("runs:start", "workflow", "etl/load"), false);
});

test("a grant on one thing is none on another kind, or on everything", () => {
  assert.equal(access.can("queues:operate", "queue", "night"), true);
  assert.equal(access.can("queues:operate", "workflow", "night"), false);
  assert.equal(access.can("queues:operate"), false);
  assert.equal(access.canSomewhere("queues:operate"), true);
  assert.equal(access.canSomewhere("audit:read"), false);
  assert.equal(access.canSomewhere("queues:operate", "queue"), true);
  assert.equal(access.canSomewhere("queues:operate", "workflow"), false);
  assert.equal(access.canSomewhere("runs:cancel", "workflow"), true);
});
