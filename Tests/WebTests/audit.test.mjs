import assert from "node:assert/strict";
import test from "node:test";
import { changes } from "../../web/model/audit.js";

test("only what differs is a change, null being nothing", () => {
  assert.deepEqual(changes({ weight: 100, paused: false, limit: null }, { weight: 7, paused: false, limit: 3 }), [
    { name: "weight", before: 100, after: 7 },
    { name: "limit", before: undefined, after: 3 },
  ]);
});

test("what was made has all its members, and what was removed had them", () => {
  assert.deepEqual(changes(undefined, { name: "q" }), [{ name: "name", before: undefined, after: "q" }]);
  assert.deepEqual(changes({ name: "q" }, undefined), [{ name: "name", before: "q", after: undefined }]);
  assert.deepEqual(changes(undefined, undefined), []);
});

test("members that are values of several parts are compared as wholes", () => {
  assert.deepEqual(changes({ roles: ["a"] }, { roles: ["a"] }), []);
  assert.equal(changes({ roles: ["a"] }, { roles: ["b"] }).length, 1);
});
