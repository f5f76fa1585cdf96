import assert from "node:assert/strict";
import test from "node:test";
import { live } from "../../web/lib/live.js";

/** A stream that tells what the test says. */
class Stream {
  listeners = new Set();
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  tell(change) {
    for (const listener of this.listeners) listener(change);
  }
}

/** Reads that end when the test says so. */
function reads() {
  const waiting = [];
  const begun = [];
  const read = () => new Promise((done, fail) => {
    waiting.push({ done, fail });
    begun.shift()?.();
  });
  const next = () => (waiting.length ? Promise.resolve(waiting.shift()) : new Promise((resolve) => begun.push(() => resolve(waiting.shift()))));
  return { read, next };
}

/** A page that somebody sees, until the test says otherwise. */
function seenPage() {
  const page = new EventTarget();
  page.hidden = false;
  return page;
}

test("what changes while the first read is under way is read again", async () => {
  const stream = new Stream();
  const { read, next } = reads();
  const starting = live(stream, read, { interval: 0, page: seenPage() });
  const first = await next();
  stream.tell({ run: "R" });
  // The change's own timer finds the read under way; then it ends.
  await new Promise((resolve) => setTimeout(resolve, 5));
  first.done();
  const stop = await starting;
  (await next()).done();
  stop();
  assert.equal(stream.listeners.size, 0);
});

test("what does not matter is not read, a resync always is", async () => {
  const stream = new Stream();
  let count = 0;
  let told;
  const again = new Promise((resolve) => (told = resolve));
  const stop = await live(stream, async () => ++count === 2 && told(), { interval: 0, relevant: (change) => change.run === "R", page: seenPage() });
  stream.tell({ run: "other" });
  stream.tell(null);
  await again;
  stop();
  assert.equal(count, 2);
});

test("a first read that fails is told, and nothing listens any more", async () => {
  const stream = new Stream();
  await assert.rejects(live(stream, async () => Promise.reject(new Error("away")), { page: seenPage() }), /away/);
  assert.equal(stream.listeners.size, 0);
});

test("what changes while nobody sees the page is read when somebody does, and not after the view has gone", async (t) => {
  const due = [];
  t.mock.method(globalThis, "setTimeout", (work) => due.push(work));
  const stream = new Stream();
  const page = seenPage();
  let count = 0;
  const stop = await live(stream, async () => count++, { page });
  page.hidden = true;
  for (let change = 0; change < 3; change++) stream.tell({ run: "R" });
  assert.equal(due.length, 1);
  due.pop()();
  stream.tell({ run: "R" });
  assert.deepEqual([count, due.length], [1, 0]);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(count, 2);
  await new Promise(setImmediate);
  stream.tell({ run: "R" });
  stop();
  due.pop()();
  assert.equal(count, 2);
});
