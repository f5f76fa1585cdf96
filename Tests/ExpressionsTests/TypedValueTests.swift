import Expressions
import JSON
import Testing

@Suite("Typed values and answers by line")
struct TypedValueTests {
    @Test(
        "values of every type",
        arguments: [
            ("1", #"{"int64Value":"1"}"#), ("1u", #"{"uint64Value":"1"}"#), ("1.5", #"{"doubleValue":1.5}"#),
            ("0.0 / 0.0", #"{"doubleValue":"NaN"}"#), ("-1.0 / 0.0", #"{"doubleValue":"-Infinity"}"#),
            ("true", #"{"boolValue":true}"#),
            ("'a'", #"{"stringValue":"a"}"#), ("b'\\xff'", #"{"bytesValue":"/w=="}"#), ("null", #"{"nullValue":null}"#),
            ("[1]", #"{"listValue":{"values":[{"int64Value":"1"}]}}"#), ("[]", #"{"listValue":{"values":[]}}"#),
            ("{'a': 1u}", #"{"mapValue":{"entries":[{"key":{"stringValue":"a"},"value":{"uint64Value":"1"}}]}}"#),
            ("int", #"{"typeValue":"int"}"#), ("type(timestamp(0))", #"{"typeValue":"google.protobuf.Timestamp"}"#),
            (
                "timestamp('2009-02-13T23:31:30Z')",
                #"{"objectValue":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"2009-02-13T23:31:30Z"}}"#
            ),
            (
                "duration('123.456s')",
                #"{"objectValue":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"123.456s"}}"#
            ),
            (
                "duration('1.5s')",
                #"{"objectValue":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}}"#
            ),
            ("optional.of(1)", #"{"optionalValue":{"value":{"int64Value":"1"}}}"#),
            ("optional.none()", #"{"optionalValue":{}}"#),
        ])
    func roundTrip(source: String, text: String) throws {
        let value = try evaluate(source)
        var budget = EvaluationBudget()
        let json = try TypedValue.json(value, budget: &budget)
        #expect(json.text() == text)
        let read = try TypedValue.value(try JSONValue(parsing: text))
        #expect(read == value || source.contains("0.0 / 0.0"))
    }

    @Test(
        "other forms that are read",
        arguments: [
            (#"{"int64Value":1}"#, 1), (#"{"doubleValue":1}"#, 1.0), (#"{"uint64Value":5}"#, .uint(5)),
            (#"{"objectValue":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"7"}}"#, 7),
            (#"{"objectValue":{"@type":"x/google.protobuf.StringValue","value":"a"}}"#, "a"),
            (#"{"objectValue":{"@type":"x/google.protobuf.Value","value":1}}"#, 1.0),
            (#"{"objectValue":{"@type":"x/google.protobuf.ListValue","value":[true,null]}}"#, [true, nil]),
            (#"{"listValue":{}}"#, []), (#"{"nullValue":"NULL_VALUE"}"#, nil), (#"{"int64_value":"-3"}"#, -3),
            (#"{"list_value":{"values":[{"bool_value":true}]}}"#, [true]),
            (#"{"enumValue":{"type":"E","value":2}}"#, 2),
            (#"{"enumValue":{"type":"E"}}"#, 0), (#"{"bytesValue":"_-8"}"#, .bytes([0xFF, 0xEF])),
        ] as [(String, Value)])
    func reading(text: String, expected: Value) throws {
        #expect(try TypedValue.value(try JSONValue(parsing: text)) == expected)
    }

    @Test(
        "what is no typed value",
        arguments: [
            "1", "{}", #"{"int64Value":"x"}"#, #"{"int64Value":"9223372036854775808"}"#, #"{"uint64Value":"-1"}"#,
            #"{"wrong":1}"#,
            #"{"boolValue":1}"#, #"{"stringValue":1}"#, #"{"bytesValue":"*"}"#, #"{"typeValue":"x"}"#,
            #"{"int64Value":"1","boolValue":true}"#,
            #"{"mapValue":{"entries":[{"key":{"doubleValue":1},"value":{"int64Value":"1"}}]}}"#,
            #"{"mapValue":{"entries":[{}]}}"#,
            #"{"objectValue":{"@type":"x/some.Message"}}"#,
            #"{"objectValue":{"@type":"x/google.protobuf.Timestamp","value":"x"}}"#,
        ])
    func refused(text: String) throws {
        let json = try JSONValue(parsing: text)
        #expect(throws: TypedValueError.self) { try TypedValue.value(json) }
    }

    @Test(
        "one line in, one line out",
        arguments: [
            (#"{"id":1,"expr":"1 + 1"}"#, #"{"id":1,"value":{"int64Value":"2"}}"#),
            (
                #"{"id":"a","expr":"x + 1u","vars":{"x":{"uint64Value":"1"}}}"#,
                #"{"id":"a","value":{"uint64Value":"2"}}"#
            ),
            (
                #"{"id":2,"expr":"y","vars":{"x.y":{"boolValue":true}},"container":"x"}"#,
                #"{"id":2,"value":{"boolValue":true}}"#
            ),
            (
                #"{"id":3,"expr":"1 +\n 2 / 0"}"#,
                #"{"id":3,"error":{"code":"division_by_zero","message":"divide by zero","line":2,"column":4}}"#
            ),
            (
                #"{"id":4,"expr":"x"}"#,
                #"{"id":4,"error":{"code":"undeclared_reference","message":"undeclared reference to 'x' (in container '')","line":1,"column":1}}"#
            ),
            (#"{"id":6,"expr":"true || x.y"}"#, #"{"id":6,"value":{"boolValue":true}}"#),
            (#"{"id":7,"expr":"f(1) == 2 || 'a'.size(1) == 1 || true"}"#, #"{"id":7,"value":{"boolValue":true}}"#),
            (#"{"id":8,"expr":"false ? a.b(c) : has({'a': 1}.a)"}"#, #"{"id":8,"value":{"boolValue":true}}"#),
            (
                #"{"id":9,"expr":"false || has(x.y)"}"#,
                #"{"id":9,"error":{"code":"undeclared_reference","message":"undeclared reference to 'x' (in container '')","line":1,"column":14}}"#
            ),
            (
                #"{"id":5}"#,
                #"{"id":5,"error":{"code":"invalid_request","message":"the line has no \"expr\"","line":1,"column":1}}"#
            ),
        ])
    func lines(line: String, expected: String) {
        #expect(String(decoding: ExpressionLine().answer(Array(line.utf8)), as: UTF8.self) == expected)
    }

    @Test("lines that are wrong are answered too")
    func wrongLines() throws {
        for line in [
            "", "{", "[]", #"{"id":1,"expr":1}"#, #"{"id":1,"expr":"x","vars":[]}"#,
            #"{"id":1,"expr":"x","vars":{"x":1}}"#, "\u{0}",
        ] {
            let answer = try JSONValue(parsing: ExpressionLine().answer(Array(line.utf8)))
            #expect(answer["error"]?["code"] == "invalid_request", "\(line)")
            #expect(answer["value"] == nil)
        }
        let budget = ExpressionLine(budget: 10).answer(Array(#"{"id":1,"expr":"lists.range(100)"}"#.utf8))
        #expect(try JSONValue(parsing: budget)["error"]?["code"] == "budget_exceeded")
    }
}
