import Schemas
import Testing

@Suite("Keywords that look at a value alone")
struct AssertionTests {
    @Test(
        "type, enum and const",
        arguments: [
            Judgement(
                #"{"type":"integer"}"#, valid: ["1", "1.0", "1e2", "10.0e-1", "12345678910111213141516171819", "-0.0"],
                invalid: ["1.1", "1e-1", "\"1\"", "true", "null", "[]", "{}"]),
            Judgement(#"{"type":"number"}"#, valid: ["1", "1.5", "1e400"], invalid: ["\"1\"", "false"]),
            Judgement(
                #"{"type":["string","null"]}"#, valid: ["\"\"", "null"], invalid: ["0", "false", "[]", "{}"]),
            Judgement(#"{"type":"boolean"}"#, valid: ["true", "false"], invalid: ["0", "1", "null"]),
            Judgement(
                #"{"enum":[6,"foo",[],true,{"foo":12}]}"#, valid: ["6", "6.0", "[]", #"{"foo":12.0}"#, "true"],
                invalid: ["null", "1", #"{"foo":12,"bar":1}"#, "[[]]", "\"Foo\""]),
            Judgement(#"{"enum":[false]}"#, valid: ["false"], invalid: ["0", "0.0", "[]", "null"]),
            Judgement(#"{"enum":[[1]]}"#, valid: ["[1]", "[1.0]"], invalid: ["[true]", "1"]),
            Judgement(#"{"enum":[]}"#, invalid: ["null"]),
            Judgement(#"{"const":{"a":false}}"#, valid: [#"{"a":false}"#], invalid: [#"{"a":0}"#, "{}"]),
            Judgement(
                #"{"const":9007199254740992}"#, valid: ["9007199254740992", "9007199254740992.0"],
                invalid: ["9007199254740991", "9007199254740993"]),
            Judgement(#"{"const":"hello\u0000there"}"#, valid: [#""hello\u0000there""#], invalid: ["\"hellothere\""]),
            Judgement(#"{"const":"é"}"#, valid: ["\"\u{E9}\""], invalid: ["\"e\u{301}\""]),
            Judgement(#"{"const":-2.0}"#, valid: ["-2", "-2.0"], invalid: ["2", "\"-2\""]),
            Judgement(#"{"const":{"a":1,"b":2}}"#, valid: [#"{"b":2,"a":1}"#]),
            Judgement(#"{"const":null}"#, valid: ["null"], invalid: ["0", "false", "\"\""]),
        ])
    func values(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "numbers are exact",
        arguments: [
            Judgement(#"{"multipleOf":0.0001}"#, valid: ["0.0075", "1", "0"], invalid: ["0.00751"]),
            Judgement(#"{"multipleOf":0.01}"#, valid: ["4.02", "19.99", "1.1", "-0.07"], invalid: ["4.021"]),
            Judgement(#"{"multipleOf":0.123456789}"#, invalid: ["1e308"]),
            Judgement(#"{"type":"integer","multipleOf":0.5}"#, valid: ["1e308"]),
            Judgement(#"{"multipleOf":1e-8}"#, valid: ["12391239123", "1e1000"], invalid: ["1e-9"]),
            Judgement(
                #"{"multipleOf":3}"#,
                valid: ["1.2e1", "111111111111111111111111111111", "1e0", "-3"].filter { $0 != "1e0" },
                invalid: ["1e30", "1000000000000000000000000000000000"]),
            Judgement(
                #"{"multipleOf":123456789012345678901}"#,
                valid: ["123456789012345678901", "246913578024691357802", "123456789012345678901e40"],
                invalid: ["123456789012345678902", "1e40"]),
            Judgement(
                #"{"maximum":18446744073709551615}"#, valid: ["18446744073709551600", "18446744073709551615"],
                invalid: ["18446744073709551616", "1e20"]),
            Judgement(
                #"{"exclusiveMaximum":972783798187987123879878123.18878137}"#,
                valid: ["972783798187987123879878123.188781369"],
                invalid: ["972783798187987123879878123.188781371", "972783798187987123879878123.18878137"]),
            Judgement(#"{"minimum":-2}"#, valid: ["-2", "-2.0", "0", "\"x\""], invalid: ["-2.0001", "-3", "-1e9"]),
            Judgement(
                #"{"exclusiveMinimum":1.1}"#, valid: ["1.2", "1.10001", "11"], invalid: ["1.1", "1.10", "0.6", "-11"]),
            Judgement(
                #"{"maximum":3.0}"#, valid: ["3", "2.6", "-1e99"], invalid: ["3.5", "3.0000000000000000000001"]),
            Judgement(#"{"minimum":0}"#, valid: ["0", "-0", "-0.0", "1e-400"], invalid: ["-1e-400"]),
        ])
    func numbers(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "texts are counted in code points",
        arguments: [
            Judgement(
                #"{"maxLength":2}"#, valid: ["\"\"", "\"fo\"", "\"💩💩\"", "100"], invalid: ["\"foo\"", "\"💩💩💩\""]),
            Judgement(#"{"minLength":2.0}"#, valid: ["\"fo\"", "1"], invalid: ["\"f\"", "\"💩\""]),
            Judgement(
                #"{"pattern":"^a*$"}"#, valid: ["\"aaa\"", "\"\"", "true", "[]"], invalid: ["\"abc\"", "\"a\\n\""]),
            Judgement(#"{"pattern":"a+"}"#, valid: ["\"xxaayy\""], invalid: ["\"xxyy\""]),
            Judgement(#"{"format":"email"}"#, valid: ["\"2962\"", "12"]),
        ])
    func texts(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "sizes of arrays and objects",
        arguments: [
            Judgement(#"{"maxItems":2}"#, valid: ["[1]", "[1,2]", "\"foobar\""], invalid: ["[1,2,3]"]),
            Judgement(#"{"minItems":1}"#, valid: ["[1]", "\"\""], invalid: ["[]"]),
            Judgement(
                #"{"uniqueItems":true}"#,
                valid: [
                    "[1,2]", "[1,true]", "[0,false]", "[[1],[true]]", #"[{"a":1},{"a":true}]"#, #"["a","A"]"#,
                    "[[1,2],[2,1]]", "[]", "\"aa\"", "[\"\u{E9}\",\"e\u{301}\"]",
                ],
                invalid: [
                    "[1,1]", "[1.0,1.00,1]", #"[{"a":1,"b":2},{"b":2,"a":1.0}]"#, "[[[\"a\"]],[[\"a\"]]]",
                    "[null,null]", "[{\"a\":[1]},0,{\"a\":[1.0]}]",
                ]),
            Judgement(#"{"uniqueItems":false}"#, valid: ["[1,1]"]),
            Judgement(#"{"maxProperties":0}"#, valid: ["{}", "[1]"], invalid: [#"{"a":1}"#]),
            Judgement(#"{"minProperties":1}"#, valid: [#"{"a":1}"#, "[]"], invalid: ["{}"]),
            Judgement(
                #"{"required":["__proto__","a/b","é"]}"#, valid: [#"{"__proto__":1,"a/b":2,"é":null}"#, "[]"],
                invalid: [#"{"__proto__":1,"a/b":2}"#, "{\"__proto__\":1,\"a/b\":2,\"e\u{301}\":1}"]),
            Judgement(
                #"{"dependentRequired":{"a":["b","c"]}}"#, valid: ["{}", #"{"a":1,"b":2,"c":3}"#, "[\"a\"]"],
                invalid: [#"{"a":1,"b":2}"#]),
        ])
    func sizes(judgement: Judgement) throws { try judgement.check() }

    @Test("true and false are schemas, and what knows no keyword is true")
    func booleans() throws {
        try Judgement("true", valid: ["1", "null"]).check()
        try Judgement("false", invalid: ["1", "null"]).check()
        try Judgement(#"{"unknown":{"type":"string"},"x-note":1}"#, valid: ["1"]).check()
        try Judgement(#"{"contentMediaType":"application/json","contentSchema":false}"#, valid: ["\"{:\""]).check()
    }
}
