import assert from "node:assert/strict";
import test from "node:test";
import { hunks, lines } from "../../web/model/diff.js";

const shape = (rows) => rows.map(({ kind, text }) => `${{ same: " ", added: "+", removed: "-" }[kind]}${text}`);

test("a changed line is removed and added, what is around it stays", () => {
  assert.deepEqual(shape(lines("a\nb\nc\n", "a\nx\nc\n")), [" a", "-b", "+x", " c"]);
});

test("the numbers are those of each side", () => {
  const rows = lines("a\nb\n", "n\na\nb\n");
  assert.deepEqual(rows.map(({ before, after }) => [before, after]), [[undefined, 1], [1, 2], [2, 3]]);
});

test("equal texts have no change, and nothing becomes all", () => {
  assert.ok(lines("a\nb", "a\nb\n").every(({ kind }) => kind === "same"));
  assert.deepEqual(shape(lines("", "a\n")), ["+a"]);
  assert.deepEqual(shape(lines("a\na\n", "a\n")), [" a", "-a"]);
});

test("each side can be read out of the changes, whatever they are", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 200; round++) {
    const text = () => Array.from({ length: random(9) }, () => "abc"[random(3)]);
    const [old, fresh] = [text(), text()];
    const rows = lines(old.join("\n"), fresh.join("\n"));
    assert.deepEqual(rows.filter(({ kind }) => kind !== "added").map(({ text }) => text), old);
    assert.deepEqual(rows.filter(({ kind }) => kind !== "removed").map(({ text }) => text), fresh);
  }
});

test("what would take too long to compare is replaced as a whole", () => {
  assert.deepEqual(shape(lines("a\nb\nc", "x\nb\ny", 1)), ["-a", "-b", "-c", "+x", "+b", "+y"]);
});

test("far from a change lines are left out", () => {
  const text = Array.from({ length: 20 }, (_, at) => `l${at}`);
  const other = text.map((line, at) => (at === 10 ? "new" : line));
  const shown = hunks(lines(text.join("\n"), other.join("\n")), 2);
  assert.deepEqual(shown.map((row) => row?.text ?? null), [null, "l8", "l9", "l10", "new", "l11", "l12", null]);
});
