import assert from "node:assert/strict";
import test from "node:test";
import { layout } from "../../web/model/graph.js";

const at = (shape, id) => shape.nodes.find((node) => node.id === id);

test("a step stands right of everything that it needs", () => {
  const steps = [
    { id: "report", needs: ["join"] },
    { id: "join", needs: ["a", "b"] },
    { id: "a", needs: ["read"] },
    { id: "b", needs: ["a"] },
    { id: "read", needs: [] },
  ];
  const shape = layout(steps);
  for (const step of steps) for (const need of step.needs) assert.ok(at(shape, need).x < at(shape, step.id).x, `${need} < ${step.id}`);
  assert.equal(shape.columns, 5);
  assert.equal(shape.edges.length, 5);
});

test("no two nodes share a place", () => {
  const steps = Array.from({ length: 200 }, (_, index) => ({ id: `s${index}`, needs: index < 10 ? [] : [`s${index - 10}`, `s${(index * 7) % (index - 5)}`] }));
  const shape = layout(steps);
  assert.equal(shape.nodes.length, 200);
  assert.equal(new Set(shape.nodes.map(({ x, y }) => `${x}:${y}`)).size, 200);
});

test("a need that is not in the list draws no edge", () => {
  assert.deepEqual(layout([{ id: "a", needs: ["ghost"] }]).edges, []);
});

test("ten thousand steps are laid out in one go", () => {
  const steps = Array.from({ length: 10_000 }, (_, index) => ({ id: `s${index}`, needs: index < 100 ? [] : [`s${index - 100}`] }));
  assert.equal(layout(steps).columns, 100);
});
