import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { isPlain, restartable } from "../../web/model/rerun.js";

const definition = {
  setup: [{ id: "before", uses: "shell" }],
  steps: [{ id: "read", uses: "shell", with: { a: 1 } }, { id: "each", uses: "shell", for_each: [1] }, { id: "ask", uses: "approval" }],
};

test("a rerun begins with a step under steps, and a task without items takes an edited input", () => {
  assert.deepEqual(restartable(definition, "read"), { step: definition.steps[0], takesInput: true });
  assert.equal(restartable(definition, "each").takesInput, false);
  assert.equal(restartable(definition, "ask").takesInput, false);
  for (const id of ["before", "each:3", "nowhere"]) assert.equal(restartable(definition, id), undefined);
  assert.equal(restartable({}, "read"), undefined);
});

test("every kind that the engine does itself is known", () => {
  const words = readFileSync(new URL("../../Sources/Workflows/Definition/Words.swift", import.meta.url), "utf8");
  const kinds = [...words.match(/engineKinds: Set<String> = \[(.*)\]/)[1].matchAll(/"(\w+)"/g)].map(([, kind]) => kind);
  assert.ok(kinds.length > 3);
  for (const uses of kinds) assert.equal(restartable({ steps: [{ id: "x", uses }] }, "x").takesInput, false, uses);
});

test("what has an expression or a secret in it is not the input yet", () => {
  assert.ok(isPlain({ command: ["echo", "$1"] }));
  assert.ok(isPlain(undefined));
  assert.ok(!isPlain({ command: ["echo", "${{ inputs.a }}"] }));
});
