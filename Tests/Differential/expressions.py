"""Makes CEL expressions from a seed: well typed mostly, ill typed now and then, of values near the edges."""
import random

INTEGERS = [
    "0", "1", "-1", "2", "7", "-7", "63", "64", "255", "0x1F", "4294967296", "9007199254740993", "-9007199254740993",
    "9223372036854775807", "-9223372036854775808",
]
UNSIGNED = ["0u", "1u", "2u", "7u", "0xFFu", "9007199254740993u", "18446744073709551615u"]
DOUBLES = [
    "0.0", "-0.0", "1.0", "-1.5", "0.1", "2.5", "1e3", "1e-7", "1.5e300", "123456.789", "1e21", "9007199254740992.0",
    "9223372036854775808.0", "-9223372036854775808.0", "18446744073709551616.0", "(0.0 / 0.0)", "(1.0 / 0.0)",
    "(-1.0 / 0.0)",
]
TEXTS = [
    "''", "'a'", "'abc'", "'hello'", "'é'", "'e\\u0301'", "'😀ü'", "'A-b C'", "'  x '", "'1'", "'-12'", "'1.5'", "'true'",
    "'TRUE'", "'0x1F'", "'9223372036854775808'", "'1h30m'", "'2009-02-13T23:31:30Z'", "r'\\d'", "'a\\nb'", "'\\x41'",
    "'\\101'", "'''q'q'''",
]
BYTES = ["b''", "b'a'", "b'abc'", "b'\\xff'", "b'\\303\\277'", "b'é'"]
TIMES = [
    f"timestamp('{text}')"
    for text in [
        "2009-02-13T23:31:30Z", "1970-01-01T00:00:00Z", "2000-02-29T12:34:56.789Z", "1969-12-31T23:59:59.5Z",
        "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2023-12-25T00:00:00-08:00",
    ]
]
DURATIONS = [f"duration('{text}')" for text in ["0s", "1s", "1.5s", "-90m", "1h30m", "100ms", "1us", "1000000s"]]
LITERALS = {
    "int": INTEGERS, "uint": UNSIGNED, "double": DOUBLES, "string": TEXTS, "bytes": BYTES, "bool": ["true", "false"],
    "timestamp": TIMES, "duration": DURATIONS, "null": ["null"],
}
ZONES = ["", "", "'UTC'", "'+05:30'", "'-08:00'", "'America/New_York'", "'Europe/Berlin'", "'Asia/Kolkata'", "'nowhere'"]
TIME_FIELDS = [
    "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes",
    "getSeconds", "getMilliseconds",
]
KEYS = ["1", "2", "'a'", "'c'", "1.0", "1u"]
TYPES = ["int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration", "null", "list", "map"]
WEIGHTS = [6, 3, 4, 5, 2, 4, 1, 1, 1, 3, 2]


class Expressions:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.variables = []

    def one(self):
        return self.make(self.any(), self.random.randint(1, 3))

    def pick(self, items):
        return self.random.choice(items)

    def any(self):
        return self.random.choices(TYPES, WEIGHTS)[0]

    def make(self, kind, depth):
        if self.random.random() < 0.03:
            kind = self.any()
        if "x:" + kind in self.variables[-1:] and self.random.random() < 0.35:
            return "x"
        if kind == "list":
            return self.list(depth)
        if kind == "map":
            return self.map(depth)
        if depth <= 0 or self.random.random() < 0.2:
            return self.pick(LITERALS[kind])
        forms = [form for weight, form in getattr(self, kind)(depth - 1) for _ in range(weight)]
        return self.pick(forms)()

    def binary(self, kind, operators, depth):
        return lambda: f"({self.make(kind, depth)} {self.pick(operators.split())} {self.make(kind, depth)})"

    def choice(self, kind, depth):
        return lambda: f"({self.make('bool', depth)} ? {self.make(kind, depth)} : {self.make(kind, depth)})"

    def convert(self, kind, sources, depth):
        return lambda: f"{kind}({self.make(self.pick(sources.split()), depth)})"

    def int(self, d):
        make, pick = self.make, self.pick
        return [
            (5, self.binary("int", "+ - * / %", d)), (2, self.convert("int", "uint double string timestamp int", d)),
            (1, lambda: f"size({make(pick(['string', 'bytes', 'list', 'map']), d)})"), (1, lambda: f"-({make('int', d)})"),
            (1, self.choice("int", d)), (1, lambda: f"{make('timestamp', d)}.{pick(TIME_FIELDS)}({pick(ZONES)})"),
            (1, lambda: f"{make('duration', d)}.{pick(TIME_FIELDS[6:])}()"),
            (1, lambda: f"{self.list(d, 'int')}[{make('int', 0)}]"),
            (1, lambda: f"{make('string', d)}.{pick(['indexOf', 'lastIndexOf'])}({make('string', d)})"),
            (1, lambda: f"{self.map(d)}[{pick(KEYS)}]"),
        ]

    def uint(self, d):
        return [
            (4, self.binary("uint", "+ - * / %", d)), (1, self.convert("uint", "int double string uint", d)),
            (1, self.choice("uint", d)),
        ]

    def double(self, d):
        return [
            (4, self.binary("double", "+ - * /", d)), (1, self.convert("double", "int uint string double", d)),
            (1, lambda: f"-({self.make('double', d)})"), (1, self.choice("double", d)),
        ]

    def string(self, d):
        make, pick = self.make, self.pick
        return [
            (3, self.binary("string", "+", d)),
            # Of literals only: how text of doubles and times looks is left open by the definition.
            (2, lambda: f"string({pick(LITERALS[pick(['int', 'uint', 'bool', 'bytes', 'string'])])})"),
            (1, lambda: f"{make('string', d)}.{pick(['lowerAscii()', 'upperAscii()', 'trim()', 'charAt(1)', 'substring(1)'])}"),
            (1, lambda: f"{make('string', d)}.replace({make('string', d)}, {make('string', d)})"),
            (1, lambda: f"{self.list(d, 'string')}.join({make('string', 0)})"), (1, self.choice("string", d)),
        ]

    def bytes(self, d):
        return [(1, self.binary("bytes", "+", d)), (1, self.convert("bytes", "string bytes", d))]

    def timestamp(self, d):
        return [
            (2, lambda: f"({self.make('timestamp', d)} {self.pick('+-')} {self.make('duration', d)})"),
            (1, self.convert("timestamp", "string timestamp", d)),
        ]

    def duration(self, d):
        return [
            (2, self.binary("duration", "+ -", d)), (1, self.binary("timestamp", "-", d)),
            (1, self.convert("duration", "string duration", d)),
        ]

    def null(self, d):
        return [(1, lambda: "null")]

    def bool(self, d):
        make, pick = self.make, self.pick
        ordered = ["int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration"]
        return [
            (3, lambda: self.binary(pick(ordered), "< <= > >=", d)()),
            (1, lambda: f"({make(pick(ordered[:3]), d)} {pick('< <= > >= == !='.split())} {make(pick(ordered[:3]), d)})"),
            (1, lambda: f"({make(self.any(), d)} {pick(['==', '!='])} {make(self.any(), d)})"),
            (1, lambda: self.binary(self.any(), "== !=", d)()), (2, self.binary("bool", "&& ||", d)),
            (1, lambda: f"!({make('bool', d)})"), (1, lambda: f"({make(pick(ordered[:4]), d)} in {self.list(d)})"),
            (1, lambda: f"({pick(KEYS)} in {self.map(d)})"),
            (1, lambda: f"{make('string', d)}.{pick(['contains', 'startsWith', 'endsWith'])}({make('string', d)})"),
            (1, lambda: self.loop(pick(["all", "exists", "exists_one"]), ["bool"], pick(ordered[:4]), d + 1)),
            (1, lambda: f"has({self.map(d)}.{pick(['a', 'b', 'z'])})"),
            (1, lambda: f"(type({make(self.any(), d)}) == {pick(['int', 'uint', 'double', 'string', 'bool', 'list', 'map'])})"),
        ]

    def list(self, depth, kind=None):
        kind = kind or self.pick(["int", "string", "double", "uint", "bool"])
        form = self.random.random()
        if depth <= 0 or form < 0.55:
            return "[" + ", ".join(self.make(kind, depth - 1) for _ in range(self.random.randint(0, 3))) + "]"
        if form < 0.7:
            return f"({self.list(depth - 1, kind)} + {self.list(depth - 1, kind)})"
        macro, parts = self.pick([("filter", ["bool"]), ("map", [kind]), ("map", ["bool", kind])])
        return self.loop(macro, parts, kind, depth)

    def loop(self, macro, parts, kind, depth):
        source = self.list(depth - 1, kind)
        self.variables.append("x:" + kind)
        body = ", ".join(self.make(part, depth - 1) for part in parts)
        self.variables.pop()
        return f"{source}.{macro}(x, {body})"

    def map(self, depth):
        # Neither the keys 1 and true nor 1 and 1u beside each other: Python takes them for one.
        keys = self.random.sample(["'a'", "'b'", "1", "2u", "'c'"], self.random.randint(0, 3))
        return "{" + ", ".join(f"{key}: {self.make(self.any(), depth - 1)}" for key in keys) + "}"
