"""Makes JSON Schemas of draft 2020-12 and instances from a seed: every keyword that judges, references of every kind."""
import random

NAMES = ["a", "b", "c", "foo", "bar", "x/y", "~t", ""]
NUMBERS = [0, 1, -1, 2, 3, 1.0, 1.5, -0.0, 0.5, 100, 1e3, 9223372036854775808, 18446744073709551616, 10**29]
TEXTS = ["", "a", "ab", "abc", "foo", "é", "e\u0301", "😀", "😀😀", "1", "x1y", "a b", "FOO", "-"]
PATTERNS = [
    "^a", "b$", "^[a-z]*$", "\\d", "^.$", "^\\S+$", "o{2}", "a|b", "^(foo|bar)$", "\\w", "[^a]", "^$", "^(?!a)", "(?=b)",
]
TYPES = ["string", "number", "integer", "object", "array", "boolean", "null", ["string", "null"], ["integer", "array"]]
REFERENCES = [
    "#/$defs/A", "#/$defs/B", "#/$defs/C", "#an", "#dyn", "other.json", "other.json#an", "other.json#/$defs/D",
    "http://x.test/deep/er.json", "urn:x:y",
]
PLAIN = [
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "required", "minProperties", "maxProperties",
    "dependentRequired",
]
APPLICATORS = [
    "properties", "properties", "patternProperties", "additionalProperties", "propertyNames", "items", "prefixItems",
    "contains", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "unevaluatedProperties",
    "unevaluatedProperties", "unevaluatedItems", "unevaluatedItems", "$ref", "$dynamicRef", "x-unknown",
]


class Schemas:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.isReferring = False

    def pick(self, items):
        return self.random.choice(items)

    def some(self, items, least, most):
        return self.random.sample(items, self.random.randint(least, most))

    def instance(self, depth=3):
        form = self.random.random()
        if depth > 0 and form < 0.22:
            return [self.instance(depth - 1) for _ in range(self.random.randint(0, 4))]
        if depth > 0 and form < 0.5:
            return {name: self.instance(depth - 1) for name in self.some(NAMES[:6], 0, 4)}
        return self.pick([self.pick(NUMBERS), self.pick(TEXTS), self.pick(TEXTS), None, True, False])

    def plain(self):
        schema = {}
        for keyword in self.some(PLAIN, 0, 2):
            schema[keyword] = self.operand(keyword)
        return schema

    def operand(self, keyword):
        match keyword:
            case "type": return self.pick(TYPES)
            case "enum": return [self.instance(1) for _ in range(self.random.randint(1, 3))]
            case "const": return self.instance(1)
            case "multipleOf": return self.pick([1, 2, 0.5, 1.5, 3, 7])
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                return self.pick([0, 1, 2, 1.5, -1, 0.5, 1e2, 18446744073709551615])
            case "pattern": return self.pick(PATTERNS)
            case "uniqueItems": return self.pick([True, False])
            case "required": return self.some(NAMES[:6], 0, 2)
            case "dependentRequired": return {self.pick(NAMES[:5]): self.some(NAMES[:5], 0, 2)}
            case _: return self.pick([0, 1, 1, 2, 3, 2.0])

    def part(self, depth):
        form = self.random.random()
        return form < 0.07 if form < 0.14 else self.schema(depth - 1)

    def schema(self, depth):
        schema = self.plain()
        if depth <= 0:
            return schema
        for keyword in self.random.choices(APPLICATORS, k=self.random.randint(1, 3)):
            self.add(keyword, schema, depth)
        return schema

    def add(self, keyword, schema, depth):
        match keyword:
            case "properties": schema[keyword] = {name: self.part(depth) for name in self.some(NAMES, 1, 3)}
            case "patternProperties": schema[keyword] = {name: self.part(depth) for name in self.some(PATTERNS, 1, 2)}
            case "dependentSchemas": schema[keyword] = {name: self.part(depth) for name in self.some(NAMES[:5], 1, 2)}
            case "allOf" | "anyOf" | "oneOf" | "prefixItems":
                schema[keyword] = [self.part(depth) for _ in range(self.random.randint(1, 3))]
            case "unevaluatedProperties" | "unevaluatedItems":
                schema[keyword] = False if self.random.random() < 0.6 else self.part(depth)
            case "contains":
                schema[keyword] = self.part(depth)
                for bound in self.some(["minContains", "maxContains"], 0, 2):
                    schema[bound] = self.operand(bound)
            case "if":
                schema[keyword] = self.part(depth)
                for branch in self.some(["then", "else"], 0, 2):
                    schema[branch] = self.part(depth)
            case "$ref":
                # Within the definitions they would soon lead back to where they began.
                if self.isReferring:
                    schema[keyword] = self.pick(REFERENCES)
            case "$dynamicRef":
                if self.isReferring:
                    schema[keyword] = self.pick(["#dyn", "#dyn", "#an", "other.json#dyn", "#/$defs/A"])
            case "x-unknown": schema[keyword] = {"$id": "http://x.test/not", "minimum": 5}
            case _: schema[keyword] = self.part(depth)

    def document(self):
        self.isReferring = True
        schema = self.schema(self.random.randint(1, 3))
        self.isReferring = False
        definitions = {name: self.schema(self.random.randint(0, 2)) for name in "ABC"}
        definitions["A"]["$anchor"] = "an"
        self.pick([definitions["B"], definitions["C"]])["$dynamicAnchor"] = "dyn"
        other = self.schema(1) | {"$id": "other.json", "$anchor": "an", "$defs": {"D": self.schema(1)}}
        self.pick([other, other["$defs"]["D"]])["$dynamicAnchor"] = "dyn"
        definitions["O"] = other
        definitions["P"] = {"$id": "/deep/er.json", **self.plain(), "$defs": {"q": {"$dynamicAnchor": "dyn", **self.plain()}}}
        definitions["U"] = {"$id": "urn:x:y", **self.plain()}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$id": "http://x.test/root.json",
            "$defs": definitions,
        }
