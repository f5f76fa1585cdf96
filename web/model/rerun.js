// What the engine does itself: no worker has an input of it.
const engineKinds = new Set(["approval", "wait", "workflow", "switch", "emit"]);

/**
 * The step of a definition that a rerun may begin with, or `undefined`: it stands under `steps`. `takesInput`: it is a task
 * without items, whose input may be edited.
 */
export function restartable(definition, id) {
  const step = definition.steps?.find((step) => step.id === id);
  return step && { step, takesInput: !engineKinds.has(step.uses) && step.for_each === undefined };
}

/** Whether a definition's `with` is the input as it stands: it has no expression, and names no secret. */
export function isPlain(input) {
  return !JSON.stringify(input ?? {}).includes("{{");
}
