import Schemas
import Testing

@Suite("Dialects and vocabularies")
struct DialectTests {
    private static let vocabularies = "https://json-schema.org/draft/2020-12/vocab"

    private func metaschema(_ vocabularies: String) -> [String: String] {
        [
            "http://m.test/meta": #"""
            {"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"http://m.test/meta",
            "$vocabulary":{\#(vocabularies)}}
            """#
        ]
    }

    @Test("a metaschema without the validation vocabulary turns its keywords off")
    func withoutValidation() throws {
        let base = Self.vocabularies
        try Judgement(
            #"{"$schema":"http://m.test/meta","$id":"http://m.test/x","properties":{"bad":false,"n":{"minimum":10}}}"#,
            valid: [#"{"n":1}"#, #"{"n":20}"#], invalid: [#"{"bad":1}"#]
        ).check(resources: metaschema(#""\#(base)/applicator":true,"\#(base)/core":true"#))
    }

    @Test("format is a check by the vocabulary that asserts it, whether required or not")
    func formatAssertion() throws {
        let base = Self.vocabularies
        for required in ["true", "false"] {
            try Judgement(
                #"{"$schema":"http://m.test/meta","format":"ipv4"}"#, valid: ["\"127.0.0.1\"", "1"], invalid: ["\"x\""]
            ).check(resources: metaschema(#""\#(base)/core":true,"\#(base)/format-assertion":\#(required)"#))
        }
    }

    @Test("an unknown vocabulary is passed over, unless it is required")
    func unknownVocabulary() throws {
        let base = Self.vocabularies
        let schema = #"{"$schema":"http://m.test/meta","type":"number"}"#
        try Judgement(schema, valid: ["1"], invalid: ["\"a\""]).check(
            resources: metaschema(#""\#(base)/validation":true,"\#(base)/core":true,"http://m.test/custom":false"#))
        let found = try problems(
            schema, resources: metaschema(#""\#(base)/validation":true,"http://m.test/custom":true"#))
        #expect(found.map(\.code) == [.unsupportedVocabulary])
    }

    @Test("an unknown dialect is refused and says what is supported")
    func unknownDialect() throws {
        let found = try problems(#"{"$schema":"http://m.test/gone"}"#)
        #expect(found.map(\.code) == [.unsupportedDialect])
        #expect(found.first?.place == "#/$schema")
        #expect(found.first?.message.contains("2020-12") == true)
    }

    @Test("older drafts within a schema")
    func older() throws {
        let resources = [
            "http://o.test/2019":
                #"{"$schema":"https://json-schema.org/draft/2019-09/schema","prefixItems":[{"type":"string"}]}"#,
            "http://o.test/tuple":
                #"{"$schema":"https://json-schema.org/draft/2019-09/schema","items":[{"type":"string"}],"additionalItems":false}"#,
            "http://o.test/7":
                ##"{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"s":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/s","minLength":5}}}"##,
            "http://o.test/tree":
                ##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$id":"http://o.test/tree","$recursiveAnchor":true,"properties":{"c":{"items":{"$recursiveRef":"#"}}}}"##,
        ]
        try Judgement(#"{"$ref":"http://o.test/2019"}"#, valid: ["[1,2]"]).check(resources: resources)
        try Judgement(#"{"$ref":"http://o.test/tuple"}"#, valid: ["[\"a\"]"], invalid: ["[1]", "[\"a\",1]"])
            .check(resources: resources)
        try Judgement(#"{"$ref":"http://o.test/7"}"#, valid: [#"{"a":"x"}"#], invalid: [#"{"a":1}"#])
            .check(resources: resources)
        try Judgement(
            #"{"$schema":"https://json-schema.org/draft/2019-09/schema","$id":"http://o.test/strict","$recursiveAnchor":true,"$ref":"tree","unevaluatedProperties":false}"#,
            valid: [#"{"c":[{"c":[]}]}"#], invalid: [#"{"c":[{"d":1}]}"#]
        ).check(resources: resources)
    }
}
