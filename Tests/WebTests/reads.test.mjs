import assert from "node:assert/strict";
import test from "node:test";
import { every, reader } from "../../web/lib/reads.js";

/** Questions that are answered when the test says so, in whatever order. */
function server() {
  const asked = [];
  return { asked, ask: () => new Promise((done, fail) => asked.push({ done, fail })) };
}

test("what was asked for earlier is not shown over what was asked for later", async () => {
  const { asked, ask } = server();
  const shown = [];
  const read = reader(ask, (answer) => shown.push(answer));
  const both = [read(), read()];
  asked[1].done("after the change");
  await both[1];
  asked[0].done("before the change");
  await both[0];
  assert.deepEqual(shown, ["after the change"]);
});

test("each answer is shown that comes in its turn, and one that is the newest so far", async () => {
  const { asked, ask } = server();
  const shown = [];
  const read = reader(ask, (answer) => shown.push(answer));
  const all = [read(), read(), read()];
  asked[1].done(2);
  await all[1];
  asked[2].done(3);
  await all[2];
  asked[0].done(1);
  await all[0];
  const last = read();
  asked[3].done(4);
  await last;
  assert.deepEqual(shown, [2, 3, 4]);
});

test("a failure is told, but not of what nobody waits for any more", async () => {
  const { asked, ask } = server();
  const read = reader(ask, () => {});
  const [first, second] = [read(), read()];
  asked[1].done();
  await second;
  asked[0].fail(new Error("too late to matter"));
  await first;
  const third = read();
  asked[2].fail(new Error("away"));
  await assert.rejects(third, /away/);
});

/** What follows from an answer has happened. */
const settled = () => new Promise(setImmediate);

/** A page that is seen or not, and a clock that the test moves. */
function scene(t) {
  const due = new Map();
  let number = 0;
  t.mock.method(globalThis, "setTimeout", (work, delay) => (due.set(++number, { work, delay }), number));
  t.mock.method(globalThis, "clearTimeout", (timer) => due.delete(timer));
  const page = new EventTarget();
  page.hidden = false;
  return {
    due,
    page,
    pass() {
      const [timer, { work }] = due.entries().next().value;
      due.delete(timer);
      work();
    },
    show(isShown) {
      page.hidden = !isShown;
      page.dispatchEvent(new Event("visibilitychange"));
    },
  };
}

test("the next time comes after the end of the last one, however it ended", async (t) => {
  const { due, page, pass } = scene(t);
  const { asked, ask } = server();
  const abort = new AbortController();
  every(3000, ask, abort.signal, page);
  assert.equal([...due.values()][0].delay, 3000);
  pass();
  assert.equal(asked.length, 1);
  assert.equal(due.size, 0);
  asked[0].fail(new Error("away"));
  await settled();
  assert.equal(due.size, 1);
  pass();
  asked[1].done();
  await settled();
  assert.equal(due.size, 1);
  abort.abort();
  assert.equal(due.size, 0);
});

test("what ends while the view goes does not begin again", async (t) => {
  const { due, page, pass } = scene(t);
  const { asked, ask } = server();
  const abort = new AbortController();
  every(3000, ask, abort.signal, page);
  pass();
  abort.abort();
  asked[0].done();
  await settled();
  assert.equal(due.size, 0);
  every(3000, ask, abort.signal, page);
  assert.equal(due.size, 0);
});

test("nothing is asked for while the page is hidden, and at once when it is seen again", async (t) => {
  const { due, page, pass, show } = scene(t);
  const { asked, ask } = server();
  const abort = new AbortController();
  every(3000, ask, abort.signal, page);
  show(false);
  pass();
  assert.deepEqual([asked.length, due.size], [0, 0]);
  show(true);
  assert.equal(asked.length, 1);
  // Seen and hidden again meanwhile: still one at a time.
  show(false);
  show(true);
  assert.equal(asked.length, 1);
  abort.abort();
  show(false);
  show(true);
  assert.equal(asked.length, 1);
});
