import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fieldsOf, textOf } from "../../web/model/schema-form.js";
import { breakerRule, limitSlots, queueSettings } from "../../web/model/settings.js";

const contract = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8");

/** The lines of a schema of the contract, by its members. */
function members(name) {
  const from = contract.indexOf(`\n    ${name}:\n`);
  const text = contract.slice(from + 1).split(/\n    (?=\w)/)[0];
  return Object.fromEntries([...text.matchAll(/^ {8}(\w+):((?:.*)(?:\n {10,}.*)*)/gm)].map(([, member, rest]) => [member, rest]));
}

const written = (schema) => {
  const { text, faults } = textOf(fieldsOf(schema), (field) => field.initial);
  return { ...JSON.parse(text), faults: [...faults.keys()] };
};

test("the forms have what the contract takes, with its bounds and defaults", () => {
  for (const [name, form] of [["QueueSettings", queueSettings()], ["BreakerRule", breakerRule()]]) {
    const taken = members(name);
    assert.deepEqual(Object.keys(form.properties).filter((member) => member !== "name").sort(), Object.keys(taken).sort());
    for (const [member, said] of Object.entries(taken)) {
      for (const keyword of ["minimum", "maximum", "exclusiveMinimum", "default"]) {
        const value = said.match(new RegExp(`\\b${keyword}: ([^,\\s}]+)`))?.[1];
        assert.equal(String(form.properties[member][keyword]), String(value), `${name}.${member}: ${keyword}`);
      }
    }
  }
});

test("a new one needs its name, and nothing more", () => {
  assert.deepEqual(written(queueSettings()), { discipline: "fifo", boost: "1m", weight: 100, strict: false, faults: ["/name"] });
  assert.deepEqual(written(breakerRule()), { failures: 5, window: "1m", open: "30s", probes: 1, faults: ["/name"] });
  assert.deepEqual(written(limitSlots()), { of: "steps", faults: ["/name", "/slots"] });
});

test("one that is there stays as it is, its name included", () => {
  const queue = { name: "night", discipline: "priority", boost: "5m", weight: 20, strict: true, concurrency: 0, paused: true, version: 7 };
  assert.deepEqual(written(queueSettings(queue)), { discipline: "priority", boost: "5m", weight: 20, concurrency: 0, strict: true, faults: [] });
  const breaker = { name: "http", failures: 20, ratio: 0.5, window: "10m", open: "1m", probes: 2 };
  assert.deepEqual(written(breakerRule(breaker)), { failures: 20, ratio: 0.5, window: "10m", open: "1m", probes: 2, faults: [] });
  assert.deepEqual(written(limitSlots({ name: "desk", of: "runs", slots: 3 })), { slots: 3, faults: [] });
});

test("what is emptied and has no default is left out", () => {
  const fields = fieldsOf(queueSettings({ discipline: "fifo", boost: "1m", weight: 1, strict: false, concurrency: 4 }));
  const { text } = textOf(fields, (field) => (field.name === "concurrency" ? "" : field.initial));
  assert.equal("concurrency" in JSON.parse(text), false);
});
