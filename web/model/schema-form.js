/**
 * A form of a JSON Schema of an object: its fields, the JSON text of what was filled in, and where a refusal belongs.
 *
 * A field is `{ kind, name, pointer, label, hint, required, initial }` and more by kind: `text` (`long`, `date`), `number`
 * (`integer`), `choice` (`options`), `check`, `boxes` (`options`; any number of them), `lines` (a list, one element a line),
 * `group` (`fields`), and `json` for whatever else the schema may say. What is filled in is a string, of a `check` a
 * boolean, of `boxes` the places of the chosen options; of `choice` it is the place of the option, `""` for none.
 */
export function fieldsOf(schema) {
  if (isBeyond(schema) || isOpen(schema)) return [whole(schema)];
  return members(schema, "", false);
}

/** All fields that take something, those of groups too. */
export function leaves(fields) {
  return fields.flatMap((field) => (field.kind === "group" ? leaves(field.fields) : [field]));
}

// Keywords that put a value together of several schemas.
const composing = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"];
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isScalar = (value) => value === null || typeof value !== "object";
const isBeyond = (schema) => !isObject(schema) || composing.some((keyword) => keyword in schema);
// Takes names besides those that it declares.
const isOpen = (schema) => ["additionalProperties", "unevaluatedProperties", "patternProperties"].some((keyword) => (schema[keyword] ?? false) !== false);

function members(schema, pointer, isNested) {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const { title, description, default: initial } = isObject(property) ? property : {};
    const shape = shapeOf(property, at, isNested, required.has(name));
    return { name, pointer: at, label: title ?? name, required: required.has(name), ...shape, hint: [description, shape.hint].filter(Boolean).join(" "), initial: shape.initial ?? raw(shape, initial) };
  });
}

function shapeOf(schema, pointer, isNested, isRequired) {
  const json = { kind: "json", hint: "As JSON." };
  if (isBeyond(schema)) return json;
  const options = optionsOf(schema);
  if (options) return options.every(({ value }) => isScalar(value)) ? { kind: "choice", options } : json;
  switch (schema.type) {
    case "string":
      return { kind: "text", least: schema.minLength, most: schema.maxLength, date: schema.format === "date", long: schema.maxLength > 200 || String(schema.default ?? "").includes("\n"), hint: textHint(schema) };
    case "number":
    case "integer":
      return { kind: "number", integer: schema.type === "integer", ...bounds(schema), hint: numberHint(schema) };
    case "boolean":
      // An unticked box says no; who need not answer can also say nothing.
      if (!isRequired && schema.default === undefined) return { kind: "choice", options: [option(true), option(false)] };
      return { kind: "check" };
    case "array":
      return listOf(schema) ?? json;
    case "object":
      if (isNested || isOpen(schema) || !isObject(schema.properties)) return json;
      return { kind: "group", fields: members({ ...schema, properties: withDefaults(schema) }, pointer, true) };
    default:
      return json;
  }
}

// The default of an object is that of its members, where they have none of their own.
function withDefaults({ properties, default: initial }) {
  if (!isObject(initial)) return properties;
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, isObject(property) && name in initial ? { ...property, default: initial[name] } : property]));
}

function optionsOf(schema) {
  if ("const" in schema) return [option(schema.const)];
  return Array.isArray(schema.enum) ? schema.enum.map(option) : null;
}

function option(value) {
  return { value, text: { true: "yes", false: "no" }[value] ?? String(value) };
}

function listOf({ items, prefixItems, contains, minItems: least, maxItems: most }) {
  if (prefixItems || contains || items === undefined || isBeyond(items)) return null;
  const limits = { least, most };
  const options = optionsOf(items);
  if (options) return options.every(({ value }) => isScalar(value)) ? { kind: "boxes", options, ...limits, hint: range("Choose", least, most) } : null;
  if (!["string", "number", "integer"].includes(items.type)) return null;
  const item = { kind: items.type === "string" ? "text" : "number", integer: items.type === "integer", ...(items.type === "string" ? { least: items.minLength, most: items.maxLength } : bounds(items)) };
  return { kind: "lines", item, ...limits, hint: ["One a line.", range("Lines:", least, most)].filter(Boolean).join(" ") };
}

function bounds(schema) {
  return { least: schema.minimum, most: schema.maximum, above: schema.exclusiveMinimum, below: schema.exclusiveMaximum };
}

function textHint({ minLength, maxLength, pattern, format }) {
  return [range("Characters:", minLength, maxLength), format === "date-time" ? "Such as 2030-01-31T12:00:00Z." : null, pattern ? `Pattern: ${pattern}` : null].filter(Boolean).join(" ");
}

function numberHint({ minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below }) {
  return [range("", minimum, maximum), above === undefined ? null : `Above ${above}.`, below === undefined ? null : `Below ${below}.`].filter(Boolean).join(" ");
}

function figure(number) {
  return Number(number).toLocaleString("en-US", { maximumFractionDigits: 20 });
}

function range(what, least, most) {
  if (least === undefined && most === undefined) return null;
  const words = most === undefined ? `at least ${figure(least)}` : least === undefined ? `at most ${figure(most)}` : `${figure(least)} to ${figure(most)}`;
  return `${what ? `${what} ${words}` : words.replace(/^a/, "A")}.`;
}

/** How a value stands in a field. */
function raw(field, value) {
  switch (field.kind) {
    case "check": return value === true;
    case "choice": return value === undefined ? "" : place(field.options, value);
    case "boxes": return Array.isArray(value) ? value.map((one) => place(field.options, one)).filter((at) => at !== "") : [];
    case "lines": return Array.isArray(value) ? value.join("\n") : "";
    case "json": return value === undefined ? "" : JSON.stringify(value, null, 2);
    case "group": return undefined;
    default: return value === undefined || value === null ? "" : String(value);
  }
}

function place(options, value) {
  const at = options.findIndex((option) => option.value === value);
  return at < 0 ? "" : String(at);
}

function whole(schema) {
  const defaults = Object.entries(isObject(schema) ? schema.properties ?? {} : {}).filter(([, property]) => isObject(property) && "default" in property);
  const initial = JSON.stringify(Object.fromEntries(defaults.map(([name, property]) => [name, property.default])), null, 2);
  const saysMore = isBeyond(schema) || Object.keys(schema).some((keyword) => keyword !== "type" && schema[keyword] !== true);
  const hint = saysMore ? "A JSON object: the schema says more than single fields can ask for." : "A JSON object.";
  return { kind: "json", name: "", pointer: "", label: "Content", hint, required: true, initial, isWhole: true, schema: saysMore ? schema : undefined };
}

/**
 * What was filled in, by `filled` (a field to what stands in it): `{ text, faults }`, the JSON text of the object and what
 * is wrong by the pointer of the field. Long numbers stay as they were typed.
 */
export function textOf(fields, filled) {
  const faults = new Map();
  if (fields[0]?.isWhole) return { text: valueOf(fields[0], filled, faults), faults };
  return { text: object(fields, filled, faults), faults };
}

function object(fields, filled, faults) {
  const written = fields.map((field) => [field.name, valueOf(field, filled, faults)]).filter(([, text]) => text !== undefined);
  return `{${written.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

function valueOf(field, filled, faults) {
  if (field.kind === "group") {
    if (!field.required && leaves(field.fields).every((leaf) => isEmpty(filled(leaf)))) return undefined;
    return object(field.fields, filled, faults);
  }
  const given = filled(field);
  if (isEmpty(given)) {
    if (field.kind === "check") return "false";
    if (field.kind === "boxes" || field.kind === "lines") {
      if (field.least > 0 && field.required) faults.set(field.pointer, `At least ${field.least} of these.`);
      // What is cleared is sent: the server would put the default in for what is missing.
      return field.required || !isEmpty(field.initial) ? "[]" : undefined;
    }
    if (field.required) faults.set(field.pointer, "This is required.");
    return field.kind === "text" && !field.required && field.initial !== "" ? '""' : undefined;
  }
  const { text, fault } = read(field, given);
  if (fault) faults.set(field.pointer, fault);
  return text;
}

function isEmpty(given) {
  return given === false || given.length === 0 || (typeof given === "string" && given.trim() === "");
}

function read(field, given) {
  switch (field.kind) {
    case "check": return { text: "true" };
    case "choice": return { text: JSON.stringify(field.options[Number(given)].value) };
    case "boxes": return { text: JSON.stringify(given.map((at) => field.options[Number(at)].value)), fault: outside(given.length, field, "of these") };
    case "number": return number(field, given.trim());
    case "lines": return list(field, given);
    case "json": return json(field, given);
    default: return { text: JSON.stringify(given), fault: outside([...given].length, field, "characters") };
  }
}

function number({ integer, least, most, above, below }, given) {
  const value = Number(given);
  if (!Number.isFinite(value)) return { fault: "This is no number." };
  const text = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(given) ? given : String(value);
  if (integer && !Number.isInteger(value)) return { text, fault: "This must be a whole number." };
  const fault = outside(value, { least, most }, "") ?? (value <= above ? `Above ${above}, please.` : value >= below ? `Below ${below}, please.` : null);
  return { text, fault };
}

function list(field, given) {
  const lines = given.split("\n").map((line) => line.trim()).filter(Boolean);
  const all = lines.map((line) => read(field.item, line));
  const wrong = all.findIndex(({ fault }) => fault);
  const fault = wrong < 0 ? outside(lines.length, field, "lines") : `Line ${wrong + 1}: ${all[wrong].fault}`;
  return { text: `[${all.map(({ text }) => text).join(",")}]`, fault };
}

function json({ isWhole }, given) {
  try {
    const value = JSON.parse(given);
    return { text: given, fault: isWhole && !isObject(value) ? "This must be a JSON object: { … }." : null };
  } catch (error) {
    return { fault: `This is no JSON: ${error.message}` };
  }
}

function outside(value, { least, most }, what) {
  if (value < least) return `At least ${figure(least)}${what ? ` ${what}` : ""}, please.`;
  return value > most ? `At most ${figure(most)}${what ? ` ${what}` : ""}, please.` : null;
}

/**
 * What the server says is wrong (the detail of its `invalid_input`, or `invalid_body`), by the pointer of the field that it belongs to, as
 * `{ faults, rest }`; `rest` is what belongs to none.
 */
export function placed(detail, fields) {
  const faults = new Map();
  const rest = [];
  for (const problem of detail.replace(/^the form: /, "").split(/; (?=the input |there is no input )/)) {
    const found = fields.map((field) => within(problem, field)).find(Boolean);
    if (!found) rest.push(problem);
    else faults.set(found.pointer, [faults.get(found.pointer), found.message].filter(Boolean).join(" "));
  }
  return { faults, rest: rest.join("; ") };
}

function within(problem, field) {
  if (field.isWhole) return { pointer: "", message: sentence(problem) };
  // Of an input, or of the members of a body.
  const about = [`the input "${field.name}" `, `${field.name} `].find((words) => problem.startsWith(words));
  if (about === undefined) return null;
  const said = problem.slice(about.length);
  for (const member of field.fields ?? []) {
    const place = `at ${member.pointer.slice(field.pointer.length)}`;
    if (said.startsWith(`${place} `) || said.startsWith(`${place}/`)) return { pointer: member.pointer, message: sentence(said.slice(said.startsWith(`${place} `) ? place.length + 1 : place.length)) };
    if (said === `must have the property "${member.name}"`) return { pointer: member.pointer, message: sentence("is missing") };
  }
  return { pointer: field.pointer, message: sentence(said) };
}

function sentence(said) {
  if (said === "is missing") return "This is required.";
  return `${said[0].toUpperCase()}${said.slice(1)}${said.endsWith(".") ? "" : "."}`;
}
