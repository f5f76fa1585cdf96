import Expressions
import JSON
import Testing

@Suite("Names, fields and elements")
struct AccessTests {
    private let variables: [String: JSONValue] = [
        "inputs": ["name": "Ada", "list": [1, [2]], "none": nil, "a b": 1, "if": 2, "deep": ["x": ["y": 3]]]
    ]

    @Test(
        "reading",
        arguments: [
            ("inputs.name", "Ada"), ("inputs['name']", "Ada"), ("inputs.list[1][0]", 2), ("inputs.list[0u]", 1),
            ("inputs.list[0.0]", 1), ("inputs.`a b`", 1), ("inputs.if", 2), ("inputs.deep.x.y", 3),
            ("inputs.deep['x'].y", 3), ("[1, 2][1]", 2), ("{'a': {'b': 1}}.a.b", 1), ("{1: 'a'}[1u]", "a"),
            ("{1: 'a'}[1.0]", "a"), ("{1u: 'a'}[1]", "a"), ("{true: 1}[true]", 1), ("inputs.none", nil),
            ("has(inputs.name)", true), ("has(inputs.missing)", false), ("has(inputs.none)", true),
            ("has(inputs.deep.x.y)", true), ("has(inputs.deep.x.z)", false), ("has({'a': 1}.b)", false),
            ("has({'a': 1}.a)", true), ("has(inputs.`a b`)", true), (".inputs.name", "Ada"),
            ("inputs // comment\n.name", "Ada"),
        ] as [(String, Value)])
    func reading(source: String, expected: Value) throws {
        #expect(try evaluate(source, variables) == expected)
    }

    @Test(
        "what is not there",
        arguments: [
            ("inputs.missing", ExpressionError.Kind.noSuchKey, 8), ("inputs.deep.z.y", .noSuchKey, 13),
            ("inputs.list[2]", .indexOutOfRange, 12), ("inputs.list[-1]", .indexOutOfRange, 12),
            ("inputs.list['a']", .noOverload, 12), ("inputs.list[0.5]", .noOverload, 12),
            ("inputs.name.first", .noOverload, 13), ("inputs.none.x", .noOverload, 13), ("{1: 2}[2]", .noSuchKey, 7),
            ("{1: 2}[null]", .noOverload, 7), ("{1: 2}[1.5]", .noSuchKey, 7), ("has(inputs.name.x)", .noOverload, 5),
            ("has(inputs.missing.x)", .noSuchKey, 12), ("'abc'[0]", .noOverload, 6), ("1.a", .noOverload, 3),
        ])
    func missing(source: String, kind: ExpressionError.Kind, column: Int) {
        let error = #expect(throws: ExpressionError.self) { try evaluate(source, variables) }
        #expect(error?.kind == kind, "\(String(describing: error))")
        #expect(error?.column == column, "\(String(describing: error))")
    }

    @Test("qualified names: the longest that is a variable, in the innermost namespace")
    func namespaces() throws {
        let values: [String: Value] = [
            "x": "root", "a.x": "in a", "a.b.x": "in b", "x.y": "qualified", "a.b.c.d": "long", "y": "y",
        ]
        for (source, container, expected) in [
            ("x", "", "root"), ("x", "a", "in a"), ("x", "a.b", "in b"), ("x", "a.q", "in a"), (".x", "a.b", "root"),
            ("x", "q", "root"), ("x.y", "", "qualified"), ("a.b.x", "", "in b"), ("b.x", "a", "in b"),
            ("c.d", "a.b", "long"), ("b.c.d", "a.b", "long"), ("y", "a.b", "y"),
        ] {
            let value = try evaluate(source, values: values, container: container)
            #expect(value == .string(expected), "\(source) in \(container)")
        }
        #expect(try evaluate("a.b.c", values: ["a.b": .map(MapValue([("c", 1)]) ?? MapValue())]) == 1)
        #expect(try evaluate("[{'y': 1}].exists(x, x.y == 1)", values: values) == true)
        #expect(try evaluate("['local'].map(y, .y)", values: values) == ["y"])
    }

    @Test("types are names, and functions stand in namespaces")
    func types() throws {
        #expect(try evaluate("type(timestamp(0)) == Timestamp", [:], container: "google.protobuf") == true)
        #expect(try evaluate("greatest(1, 2)", [:], container: "math") == 2)
        expectTrue([
            "type(1) == int", "type(1u) == uint", "type(1.0) == double", "type('') == string", "type(b'') == bytes",
            "type(true) == bool", "type(null) == null_type", "type([]) == list", "type({}) == map", "type(int) == type",
            "type(type(1)) == type", "type(timestamp(0)) == google.protobuf.Timestamp",
            "type(duration('1s')) == google.protobuf.Duration", "type(optional.none()) == optional_type",
        ])
        #expect(try evaluate("int") == .type(.int))
    }

    @Test("what there is none of is found before any value is met")
    func undeclared() {
        for (source, message, column) in [
            ("x", "undeclared reference to 'x' (in container '')", 1),
            ("true || x.y", "undeclared reference to 'x' (in container '')", 9),
            ("foo(1)", "undeclared reference to 'foo' (in container '')", 1),
            ("'a'.foo()", "undeclared reference to 'foo' (in container '')", 5),
            ("[1].all(x, y)", "undeclared reference to 'y' (in container '')", 12),
            ("[1].map(x, x) + x", "undeclared reference to 'x' (in container '')", 17),
            ("math.foo(1)", "undeclared reference to 'foo' (in container '')", 6),
        ] {
            let error = #expect(throws: ExpressionError.self, "\(source)") { try evaluate(source) }
            #expect(error?.kind == .undeclared, "\(source)")
            #expect(error?.message == message, "\(source)")
            #expect(error?.column == column, "\(source)")
        }
        expectFailure(
            .undeclared,
            [
                "size()", "size(1, 2)", "'a'.size(1)", "'a'.contains()", "contains('a', 'b')", "'a'.int()",
                "math.greatest()", "[1].all(x)", "[1].filter(a, b, c)", "cel.bind(x, 1)", "timestamp()", "has.x",
            ])
        let error = #expect(throws: ExpressionError.self) { try evaluate("x", container: "a.b") }
        #expect(error?.message == "undeclared reference to 'x' (in container 'a.b')")
    }

    @Test("messages are refused, but those that stand for plain values")
    func messages() throws {
        expectFailure(.unsupported, ["Foo{}", "a.b.Foo{x: 1}", "google.protobuf.Any{}"])
        #expect(try evaluate("google.protobuf.Int64Value{value: 5}") == 5)
        #expect(try evaluate("StringValue{}", container: "google.protobuf") == "")
        expectTrue([
            "google.protobuf.Timestamp{seconds: 5} == timestamp(5)",
            "google.protobuf.Duration{seconds: 1, nanos: 500000000} == duration('1.5s')",
            "google.protobuf.Value{number_value: 1.5} == 1.5", "google.protobuf.Value{} == null",
            "type(google.protobuf.ListValue{values: [1]}[0]) == double",
            "google.protobuf.ListValue{values: [9007199254740992, b'\\xff', {'a': timestamp(0)}]}"
                + " == ['9007199254740992', '/w==', {'a': '1970-01-01T00:00:00Z'}]",
            "type(google.protobuf.Value{struct_value: {'a': 1u}}.a) == double",
            "google.protobuf.Value{null_value: google.protobuf.NullValue.NULL_VALUE} == null",
            "type(google.protobuf.NullValue.NULL_VALUE) == int",
            "google.protobuf.ListValue{values: [1]} == [1]", "google.protobuf.Struct{fields: {'a': 1}}.a == 1",
            "google.protobuf.UInt32Value{value: 4294967295u} == 4294967295u",
        ])
        expectFailure(
            .conversion, ["google.protobuf.Int32Value{value: 2147483648}", "google.protobuf.BoolValue{value: 1}"])
        expectFailure(.undeclared, ["google.protobuf.Int32Value{wrong: 1}"])
    }
}
