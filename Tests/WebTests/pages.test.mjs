import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../../web/lib/api.js";
import { readFiltered, readPages } from "../../web/lib/pages.js";

const source = (pages) => {
  const asked = [];
  const read = async (cursor) => {
    asked.push(cursor);
    const at = cursor ?? 0;
    return { items: pages[at], next: at + 1 < pages.length ? at + 1 : undefined };
  };
  return { asked, read };
};

test("empty pages are gone past until there is enough", async () => {
  const { asked, read } = source([[], [1], [], [2, 3], [4]]);
  assert.deepEqual(await readPages(read, 3), { items: [1, 2, 3], next: 4 });
  assert.deepEqual(asked, [undefined, 1, 2, 3]);
});

test("the end is the end, and one go reads no more than its most", async () => {
  assert.deepEqual(await readPages(source([[1], [2]]).read, 50), { items: [1, 2], next: undefined });
  assert.deepEqual(await readPages(source([[], [], [], [1]]).read, 50, 2), { items: [], next: 2 });
});

test("a refused filter is an answer, and nothing else that fails is", async () => {
  const failing = (error) => async () => Promise.reject(error);
  const refused = new ApiError(400, { detail: "no such key" });
  assert.deepEqual(await readFiltered(failing(refused), 50), { items: [], next: undefined, refused });
  await assert.rejects(readFiltered(failing(new ApiError(503, {})), 50), ApiError);
  await assert.rejects(readFiltered(failing(new TypeError("away")), 50), TypeError);
  assert.deepEqual(await readFiltered(source([[1]]).read, 50), { items: [1], next: undefined, refused: null });
});
