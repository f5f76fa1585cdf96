/**
 * Lays a DAG out in layers, left to right. `steps` have `id` and `needs` (ids). Answers nodes with `x`, `y` in grid
 * units (column, row) and edges as pairs of ids; linear in steps and edges, apart from the ordering sweeps.
 */
export function layout(steps) {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const dependents = new Map(steps.map((step) => [step.id, []]));
  const missing = new Map();
  for (const step of steps) {
    const needs = step.needs.filter((id) => byId.has(id));
    missing.set(step.id, needs.length);
    for (const id of needs) dependents.get(id).push(step.id);
  }
  const column = new Map();
  let wave = steps.filter((step) => missing.get(step.id) === 0).map((step) => step.id);
  for (const id of wave) column.set(id, 0);
  const order = [];
  while (wave.length > 0) {
    const next = [];
    for (const id of wave) {
      order.push(id);
      for (const dependent of dependents.get(id)) {
        column.set(dependent, Math.max(column.get(dependent) ?? 0, column.get(id) + 1));
        missing.set(dependent, missing.get(dependent) - 1);
        if (missing.get(dependent) === 0) next.push(dependent);
      }
    }
    wave = next;
  }
  const columns = [];
  for (const id of order) (columns[column.get(id)] ||= []).push(id);
  sortColumns(columns, byId);
  const tallest = Math.max(1, ...columns.map((ids) => ids.length));
  const nodes = [];
  columns.forEach((ids, x) => ids.forEach((id, row) => nodes.push({ id, x, y: row + (tallest - ids.length) / 2 })));
  const edges = steps.flatMap((step) => step.needs.filter((id) => byId.has(id)).map((from) => ({ from, to: step.id })));
  return { nodes, edges, columns: columns.length, rows: tallest };
}

// Each node goes near the middle of what it needs: few crossings, and stable from one update to the next.
function sortColumns(columns, byId) {
  const row = new Map();
  columns[0]?.forEach((id, index) => row.set(id, index));
  for (let x = 1; x < columns.length; x++) {
    const middle = (id) => {
      const rows = byId.get(id).needs.map((need) => row.get(need)).filter((value) => value !== undefined);
      return rows.length ? rows.reduce((sum, value) => sum + value, 0) / rows.length : 0;
    };
    const middles = new Map(columns[x].map((id) => [id, middle(id)]));
    columns[x] = columns[x]
      .map((id, index) => ({ id, index }))
      .sort((left, right) => middles.get(left.id) - middles.get(right.id) || left.index - right.index)
      .map(({ id }) => id);
    columns[x].forEach((id, index) => row.set(id, index));
  }
}

/** An edge as a cubic curve between two points. */
export function curve(x1, y1, x2, y2) {
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}
