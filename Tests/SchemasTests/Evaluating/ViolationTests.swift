import Schemas
import Testing

@Suite("What is said of an invalid instance")
struct ViolationTests {
    @Test("every violation at once, each with its place and what would be right")
    func all() throws {
        let schema = #"""
            {"type":"object","required":["id","name"],"properties":{
            "name":{"type":"string","minLength":2,"pattern":"^[a-z]+$"},"count":{"maximum":5},
            "tags":{"items":{"enum":["a","b"]},"uniqueItems":true},"a/b":{"const":1}},"additionalProperties":false}
            """#
        let found = try violations(schema, #"{"name":"X","count":7,"tags":["c","c"],"a/b":2,"nme":"x"}"#)
        #expect(
            Set(found) == [
                " #/required must have the property \"id\"",
                "/name #/properties/name/minLength must have at least 2 characters, not 1",
                "/name #/properties/name/pattern must match the pattern ^[a-z]+$",
                "/count #/properties/count/maximum must be at most 5, not 7",
                "/tags/0 #/properties/tags/items/enum must be one of \"a\", \"b\"",
                "/tags/1 #/properties/tags/items/enum must be one of \"a\", \"b\"",
                "/tags #/properties/tags/uniqueItems must have no item twice; items 0 and 1 are equal",
                "/a~1b #/properties/a~1b/const must be 1",
                "/nme #/additionalProperties there is no property \"nme\"; did you mean \"name\"?",
            ])
    }

    @Test("alternatives say why each refuses")
    func alternatives() throws {
        #expect(
            try violations(#"{"anyOf":[{"type":"string"},{"properties":{"a":{"type":"null"}}}]}"#, #"{"a":1}"#) == [
                """
                 #/anyOf matches none of 2 alternatives: 0: must be string, not object; \
                1: /a must be null, not integer
                """
            ])
        #expect(
            try violations(#"{"oneOf":[{"type":"integer"},{"minimum":2},false]}"#, "3") == [
                " #/oneOf matches 2 alternatives (oneOf/0, oneOf/1) and must match exactly one of them"
            ])
        #expect(try violations(#"{"not":{}}"#, "3") == [" #/not must not be what the schema in not accepts"])
    }

    @Test("a violation behind a reference has the place of the keyword itself")
    func references() throws {
        #expect(
            try violations(##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"type":"null"}}}"##, "1") == [
                " #/$defs/b/type must be null, not integer"
            ])
        #expect(
            try violations(#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#, #"{"minLength":-1}"#) == [
                """
                /minLength https://json-schema.org/draft/2020-12/meta/validation#/$defs/nonNegativeInteger/minimum \
                must be at least 0, not -1
                """
            ])
    }

    @Test("names, dependents and what is left over")
    func members() throws {
        #expect(
            try violations(#"{"propertyNames":{"maxLength":2}}"#, #"{"abc":1}"#) == [
                "/abc #/propertyNames the name \"abc\" is not allowed: must have at most 2 characters, not 3"
            ])
        #expect(
            try violations(#"{"dependentRequired":{"a":["b"]}}"#, #"{"a":1}"#) == [
                " #/dependentRequired must have the property \"b\" because it has \"a\""
            ])
        #expect(
            try violations(#"{"prefixItems":[true],"unevaluatedItems":false}"#, "[1,2]") == [
                "/1 #/unevaluatedItems no item is allowed here: no schema describes it"
            ])
        #expect(
            try violations(#"{"properties":{"a":false}}"#, #"{"a":1}"#) == [
                "/a #/properties/a nothing is allowed here; leave it out"
            ])
        #expect(
            try violations(#"{"contains":{"const":1},"maxContains":1}"#, "[1,1]") == [
                " #/maxContains must have at most 1 item that the schema in contains accepts, not 2"
            ])
    }

    @Test("the list ends at its limit")
    func limit() throws {
        let schema = try Schema(ExactJSON(parsing: #"{"items":{"type":"string"}}"#))
        let instance = ExactJSON.array(Array(repeating: .null, count: 1000))
        #expect(try schema.violations(in: instance).count == 100)
        #expect(try schema.violations(in: instance, limits: EvaluationLimits(violations: 3)).count == 3)
    }

    @Test("formats are remarks, until they are asked for")
    func formats() throws {
        #expect(try violations(#"{"format":"ipv4"}"#, "\"x\"") == [])
        let options = SchemaOptions(assertsFormats: true)
        #expect(
            try violations(#"{"format":"ipv4"}"#, "\"x\"", options: options) == [
                " #/format must be an IPv4 address, such as 192.0.2.1"
            ])
        #expect(try violations(#"{"format":"ipv4"}"#, "12", options: options) == [])
        #expect(try violations(#"{"format":"no-such-format"}"#, "\"x\"", options: options) == [])
    }
}
