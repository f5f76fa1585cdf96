/**
 * How two texts differ, line by line: `[{ kind: "same" | "removed" | "added", text, before?, after? }]` with the line
 * numbers on each side, 1 for the first. The longest common subsequence of what is left between the common beginning
 * and end; where that would take more than `most` cells, all of it counts as removed and added.
 */
export function lines(before, after, most = 4_000_000) {
  const [old, fresh] = [split(before), split(after)];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++;
  let end = 0;
  while (end < old.length - start && end < fresh.length - start && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  const [left, right] = [old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)];
  const result = [];
  let [i, j] = [0, 0];
  const take = (kind, text) => {
    const row = { kind, text };
    if (kind !== "added") row.before = ++i;
    if (kind !== "removed") row.after = ++j;
    result.push(row);
  };
  for (const text of old.slice(0, start)) take("same", text);
  for (const [kind, text] of middle(left, right, most)) take(kind, text);
  for (const text of old.slice(old.length - end)) take("same", text);
  return result;
}

function split(text) {
  const all = text.split("\n");
  if (all.at(-1) === "") all.pop();
  return all;
}

function middle(left, right, most) {
  const edits = [];
  if (left.length * right.length > most) {
    return [...left.map((text) => ["removed", text]), ...right.map((text) => ["added", text])];
  }
  // length[i][j]: of the longest common subsequence of left[i...] and right[j...].
  const width = right.length + 1;
  const length = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      length[i * width + j] =
        left[i] === right[j] ? length[(i + 1) * width + j + 1] + 1 : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      edits.push(["same", left[i++]]);
      j++;
    } else if (j === right.length || (i < left.length && length[(i + 1) * width + j] >= length[i * width + j + 1])) {
      edits.push(["removed", left[i++]]);
    } else edits.push(["added", right[j++]]);
  }
  return edits;
}

/** Only what differs, with `context` lines around it; `null` stands where lines were left out. */
export function hunks(rows, context = 3) {
  const near = new Array(rows.length).fill(false);
  rows.forEach((row, index) => {
    if (row.kind === "same") return;
    for (let at = Math.max(0, index - context); at <= Math.min(rows.length - 1, index + context); at++) near[at] = true;
  });
  const shown = [];
  rows.forEach((row, index) => {
    if (near[index]) shown.push(row);
    else if (shown.length === 0 || shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}
