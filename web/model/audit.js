/**
 * Where two states of a thing differ: `[{ name, before, after }]` by member, the side being left out that has none. What
 * was made, or removed, has all its members.
 */
export function changes(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names
    .map((name) => ({ name, before: known(before?.[name]), after: known(after?.[name]) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

function known(value) {
  return value === null ? undefined : value;
}
