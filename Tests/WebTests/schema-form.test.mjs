import assert from "node:assert/strict";
import test from "node:test";
import { fieldsOf, leaves, placed, textOf } from "../../web/model/schema-form.js";

const object = (properties, more = {}) => ({ type: "object", properties, ...more });
const only = (schema, more) => fieldsOf(object({ it: schema }, more))[0];
const kinds = (properties) => Object.fromEntries(fieldsOf(object(properties)).map(({ name, kind }) => [name, kind]));

/** What comes of a form in which this is written, by pointers, and the rest stays as it begins. */
function filled(schema, written = {}) {
  const fields = fieldsOf(schema);
  for (const pointer of Object.keys(written)) assert.ok(leaves(fields).some((field) => field.pointer === pointer), pointer);
  const { text, faults } = textOf(fields, (field) => written[field.pointer] ?? field.initial);
  return { text, faults: Object.fromEntries(faults) };
}

test("each kind of schema has its field", () => {
  assert.deepEqual(
    kinds({
      text: { type: "string" }, whole: { type: "integer" }, part: { type: "number" }, choice: { enum: ["a", 1, null] }, one: { const: "v1" }, sure: { type: "boolean", default: false }, perhaps: { type: "boolean" },
      tags: { type: "array", items: { type: "string" } }, some: { type: "array", items: { enum: ["a", "b"] } }, address: object({ city: { type: "string" } }),
    }),
    { text: "text", whole: "number", part: "number", choice: "choice", one: "choice", sure: "check", perhaps: "choice", tags: "lines", some: "boxes", address: "group" },
  );
});

test("what goes beyond fields is asked for as JSON", () => {
  const beyond = {
    any: true, several: { type: ["string", "null"] }, either: { anyOf: [{ type: "string" }] }, named: { $ref: "#/$defs/a" }, rows: { type: "array", items: object({ a: {} }) }, tuple: { type: "array", prefixItems: [{}] },
    free: { type: "object" }, open: object({ a: { type: "string" } }, { additionalProperties: true }), parts: { enum: [{ a: 1 }] },
  };
  for (const [name, kind] of Object.entries(kinds(beyond))) assert.equal(kind, "json", name);
  const [address] = fieldsOf(object({ address: object({ place: object({ x: { type: "number" } }), city: { type: "string" } }) }));
  assert.deepEqual(address.fields.map(({ kind }) => kind), ["json", "text"]);
  for (const more of [{ additionalProperties: true }, { allOf: [{}] }, { patternProperties: { "^x": {} } }]) {
    const fields = fieldsOf(object({ a: { type: "string", default: "b" } }, more));
    assert.deepEqual(fields.map(({ pointer, kind, initial }) => [pointer, kind, JSON.parse(initial)]), [["", "json", { a: "b" }]]);
  }
});

test("title, description, bounds and defaults are shown", () => {
  const field = only({ type: "integer", title: "Replicas", description: "How many.", minimum: 1, maximum: 9, default: 3 });
  assert.deepEqual([field.label, field.hint, field.initial], ["Replicas", "How many. 1 to 9.", "3"]);
  assert.equal(only({ type: "number", minimum: 0.25, maximum: 1_000_000 }).hint, "0.25 to 1,000,000.");
  assert.equal(only({ enum: ["blue", "green"], default: "green" }).initial, "1");
  assert.deepEqual(only({ type: "array", items: { enum: ["a", "b"] }, default: ["b"] }).initial, ["1"]);
  assert.equal(fieldsOf(object({ at: object({ city: { type: "string" } }, { default: { city: "Ulm" } }) }))[0].fields[0].initial, "Ulm");
});

test("what is filled in is the object, in the schema's order and its types", () => {
  const schema = object({
    ticket: { type: "string" }, replicas: { type: "integer" }, share: { type: "number" }, ring: { enum: ["canary", 2] }, sure: { type: "boolean", default: true }, perhaps: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } }, ports: { type: "array", items: { type: "integer" } }, days: { type: "array", items: { enum: ["mo", "tu"] } }, at: object({ city: { type: "string" }, "a/b": { type: "string" } }), more: { type: "object" },
  });
  const written = {
    "/ticket": 'OPS-1 "now"', "/replicas": "9007199254740993", "/share": "0.50", "/ring": "1", "/sure": false, "/perhaps": "1", "/tags": "a\n\n b ", "/ports": "80\n443", "/days": ["1"], "/at/city": "Ulm", "/at/a~1b": "x", "/more": '{"z": 1e3}',
  };
  assert.deepEqual(filled(schema, written), {
    text: '{"ticket":"OPS-1 \\"now\\"","replicas":9007199254740993,"share":0.50,"ring":2,"sure":false,"perhaps":false,"tags":["a","b"],"ports":[80,443],"days":["tu"],"at":{"city":"Ulm","a/b":"x"},"more":{"z": 1e3}}',
    faults: {},
  });
});

test("what is left empty is left out, and what is cleared is not given its default again", () => {
  const optional = object({ a: { type: "string" }, b: { type: "integer" }, c: { enum: ["x"] }, d: { type: "array", items: { type: "string" } }, e: object({ f: { type: "string" } }, { required: ["f"] }), g: { type: "object" } });
  assert.deepEqual(filled(optional), { text: "{}", faults: {} });
  const defaults = object({ a: { type: "string", default: "x" }, d: { type: "array", items: { type: "string" }, default: ["y"] } });
  assert.equal(filled(defaults).text, '{"a":"x","d":["y"]}');
  assert.equal(filled(defaults, { "/a": "", "/d": "" }).text, '{"a":"","d":[]}');
});

test("what is missing or outside its bounds is said beside its field", () => {
  const schema = object(
    {
      ticket: { type: "string", minLength: 3 }, replicas: { type: "integer", minimum: 1, maximum: 5 }, half: { type: "integer" }, share: { type: "number", exclusiveMinimum: 0 }, ports: { type: "array", items: { type: "integer" } },
      days: { type: "array", items: { enum: ["mo", "tu"] }, maxItems: 1 }, at: object({ city: { type: "string" }, street: { type: "string" } }, { required: ["city"] }), more: {},
    },
    { required: ["ticket", "replicas"] },
  );
  const { faults } = filled(schema, { "/replicas": "6", "/half": "1.5", "/share": "0", "/ports": "80\nmany", "/days": ["0", "1"], "/at/street": "Long", "/more": "{" });
  assert.deepEqual(Object.keys(faults).sort(), ["/at/city", "/days", "/half", "/more", "/ports", "/replicas", "/share", "/ticket"]);
  assert.equal(faults["/ticket"], "This is required.");
  assert.equal(faults["/replicas"], "At most 5, please.");
  assert.match(faults["/ports"], /^Line 2: /);
  assert.equal(filled(schema, { "/ticket": "ab", "/replicas": "1" }).faults["/ticket"], "At least 3 characters, please.");
  // A character is one, however many units it has.
  assert.equal(filled(schema, { "/ticket": "🚀🚀", "/replicas": "1" }).faults["/ticket"], "At least 3 characters, please.");
});

test("a form that is one JSON text must be an object", () => {
  const schema = object({}, { additionalProperties: true });
  assert.equal(fieldsOf(schema)[0].schema, schema);
  assert.equal(fieldsOf({ type: "object", additionalProperties: true })[0].schema, undefined);
  assert.match(filled(schema, { "": "[1]" }).faults[""], /JSON object/);
  assert.deepEqual(filled(schema, { "": '{"a": 1.0}' }), { text: '{"a": 1.0}', faults: {} });
});

test("what the server refuses stands beside the field that it names", () => {
  const fields = fieldsOf(object({ ticket: { type: "string" }, at: object({ city: { type: "string" }, days: { type: "array", items: { type: "string" } } }) }));
  const { faults, rest } = placed(
    'the form: the input "ticket" must match the pattern ^OPS-; or not; the input "at" at /city must have at least 2 characters, not 1; the input "at" at /days/1 is wrong; the input "at" must have at most 1 property; the input must have the property "zz" because it has "ticket"; there is no input "tiket"; did you mean "ticket"?',
    fields,
  );
  assert.deepEqual(Object.fromEntries(faults), {
    "/ticket": "Must match the pattern ^OPS-; or not.",
    "/at/city": "Must have at least 2 characters, not 1.",
    "/at/days": "/1 is wrong.",
    "/at": "Must have at most 1 property.",
  });
  assert.equal(rest, 'the input must have the property "zz" because it has "ticket"; there is no input "tiket"; did you mean "ticket"?');
  assert.equal(placed('the form: the input "ticket" is missing', fields).faults.get("/ticket"), "This is required.");
  assert.equal(placed('the input "at" must have the property "city"', fields).faults.get("/at/city"), "This is required.");
  assert.equal(placed("ticket must be a word.", fields).faults.get("/ticket"), "Must be a word.");
  assert.equal(placed("the run has ended", fields).rest, "the run has ended");
});
