/**
 * Queues, breakers and limits as forms: JSON Schemas of what their `PUT` takes (openapi.yaml: QueueSettings, BreakerRule),
 * filled with what `present` has. Without `present` they ask for the name too. What has a value is required: the server
 * would put the default in for what is left out, and not leave it as it is.
 */
export function queueSettings(present) {
  return settings(present, {
    name: { type: "string", title: "Name", description: "Small letters, digits and - _ . in parts separated by slashes." },
    discipline: { enum: ["fifo", "lifo", "priority", "deadline"], default: "fifo", title: "Discipline", description: "What goes first: the oldest run, the newest, the highest priority, the nearest deadline." },
    boost: { type: "string", default: "1m", title: "Boost", description: "By priority: how long a step must have waited to stand level with one that is higher by one. 1ms to 24h." },
    weight: { type: "integer", minimum: 1, maximum: 1_000_000, default: 100, title: "Weight", description: "Its share of the turns, beside the weights of the other queues." },
    concurrency: { type: "integer", minimum: 0, maximum: 1_000_000, title: "Concurrency", description: "So many attempts run at once at most, over all nodes; empty: no limit." },
    strict: { type: "boolean", default: false, title: "Strict", description: "One claim at a time, always of what goes first; costs throughput." },
  });
}

export function breakerRule(present) {
  return settings(present, {
    name: { type: "string", title: "Task type", description: "Such as http. One of a target stands in a step's definition." },
    failures: { type: "integer", minimum: 1, maximum: 1_000_000, default: 5, title: "Failures", description: "It opens at so many within the window." },
    ratio: { type: "number", exclusiveMinimum: 0, maximum: 1, title: "Ratio", description: "And only if at least this share of the outcomes are failures; empty: whatever the share." },
    window: { type: "string", default: "1m", title: "Window", description: "1s to 24h." },
    open: { type: "string", default: "30s", title: "Open for", description: "How long nothing is tried before probes start; 10ms to 7d." },
    probes: { type: "integer", minimum: 1, maximum: 1000, default: 1, title: "Probes", description: "Attempts at once while it is half-open; so many successes close it." },
  });
}

export function limitSlots(present) {
  return settings(present, {
    of: { enum: ["runs", "steps"], default: "steps", title: "Counts" },
    name: { type: "string", title: "Key", description: "The text of the key in the definitions' concurrency, with the scope tenant." },
    slots: { type: "integer", minimum: 0, maximum: 1_000_000, title: "Slots", description: "So many may hold it at once. More let in at once who waits; fewer take none away." },
  }, ["slots"]);
}

function settings(present, all, always = []) {
  const properties = {};
  for (const [name, property] of Object.entries(all)) {
    if (present && (name === "name" || name === "of")) continue;
    properties[name] = present && present[name] !== undefined ? { ...property, default: present[name] } : present ? { ...property, default: undefined } : property;
  }
  const required = Object.keys(properties).filter((name) => name === "name" || always.includes(name) || "default" in all[name]);
  return { type: "object", required, properties };
}
