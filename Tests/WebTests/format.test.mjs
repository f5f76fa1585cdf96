import assert from "node:assert/strict";
import test from "node:test";
import { ago, duration, isEnded } from "../../web/lib/format.js";
import { match, parse } from "../../web/lib/router.js";

test("durations read as people say them", () => {
  assert.equal(duration(4.4), "4ms");
  assert.equal(duration(40), "0.04s");
  assert.equal(duration(1234), "1.2s");
  assert.equal(duration(185_000), "3m 05s");
  assert.equal(duration(7_800_000), "2h 10m");
  assert.equal(duration(Number.NaN), "–");
});

test("ago never counts into the future", () => {
  const now = Date.parse("2026-01-01T00:01:30Z");
  assert.equal(ago("2026-01-01T00:01:00Z", now), "30s ago");
  assert.equal(ago("2026-01-01T00:02:00Z", now), "0s ago");
});

test("routes match by part, and names may hold an encoded slash", () => {
  assert.deepEqual(match("/workflows/:name", "/workflows/team%2Fetl"), { name: "team/etl" });
  assert.equal(match("/runs", "/runs/1"), null);
  assert.deepEqual(parse("#/runs?state=failed,timed_out"), { path: "/runs", query: { state: "failed,timed_out" } });
});

test("ended states", () => {
  assert.ok(isEnded("timed_out"));
  assert.ok(!isEnded("cancelling"));
});
