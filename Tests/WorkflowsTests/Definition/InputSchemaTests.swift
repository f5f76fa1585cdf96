import JSON
import Testing
import Workflows

@Suite("Checking the input of a run")
struct InputSchemaTests {
    private func plan() throws -> Plan {
        try Workflow(
            parsing: Array(
                """
                name: a
                inputs:
                  type: object
                  required: [name]
                  properties:
                    name: { type: string }
                    mode: { enum: [fast, safe], default: safe }
                    count: { type: integer }
                    ratio: { type: number }
                    any: {}
                    maybe: { type: [array, "null"] }
                steps: [{ id: a, uses: noop }]
                """.utf8), file: "a"
        ).plan
    }

    private func check(_ input: String) throws -> String {
        String(decoding: try plan().checkInput(Array(input.utf8)), as: UTF8.self)
    }

    @Test("defaults are filled in, and what needs none stays as it is")
    func defaults() throws {
        #expect(try check(#"{ "name":"Ada" }"#) == #"{"name":"Ada","mode":"safe"}"#)
        #expect(try check(#"{ "mode":"fast","name" : "Ada"}"#) == #"{ "mode":"fast","name" : "Ada"}"#)
        #expect(try check(#"{"name":"","count":2.0,"ratio":1,"any":[],"maybe":null,"mode":"safe"}"#).count > 0)
    }

    @Test("every problem at once")
    func problems() throws {
        let error = try #require(throws: InputError.self) {
            try check(#"{"mode":"slow","count":1.5,"ratio":"1","maybe":{},"nme":"Ada"}"#)
        }
        #expect(
            error.problems.map(\.message) == [
                "the input \"mode\" must be one of \"fast\", \"safe\"",
                "the input \"count\" must be integer, not number", "the input \"ratio\" must be number, not string",
                "the input \"maybe\" must be array or null, not object", "the input \"name\" is missing",
                "there is no input \"nme\"; did you mean \"name\"?",
            ])
    }

    @Test(
        "text that is no object",
        arguments: ["[]", "1", "", "{", "{\"a\":1,\"a\":2}", "null", "{\"name\":\"\\u0000\"}"])
    func noObject(text: String) throws {
        #expect(throws: InputError.self) { try check(text) }
    }

    @Test("without a schema any object is taken as it is, and nothing else")
    func noSchema() throws {
        let plan = try Workflow(parsing: Array("name: a\nsteps: [{id: a, uses: noop}]".utf8), file: "a").plan
        let text = Array(#" {"x": [1, 2]} "#.utf8)
        #expect(try plan.checkInput(text) == text)
        for bad in ["[1]", "1", "", "{\"a\":}"] {
            #expect(throws: InputError.self) { try plan.checkInput(Array(bad.utf8)) }
        }
    }

    private func problems(_ inputs: String, _ input: String) throws -> [String] {
        let source = "name: a\ninputs: \(inputs)\nsteps: [{id: a, uses: noop}]"
        let plan = try Workflow(parsing: Array(source.utf8), file: "a").plan
        do {
            _ = try plan.checkInput(Array(input.utf8))
            return []
        } catch {
            return error.problems.map(\.message)
        }
    }

    @Test("every keyword of JSON Schema, at any depth")
    func full() throws {
        let inputs = #"""
            {"properties": {"tags": {"items": {"$ref": "#/$defs/tag"}, "uniqueItems": true}, "n": {"multipleOf": 0.01}},
            "$defs": {"tag": {"type": "string", "pattern": "^[a-z]+$"}}, "dependentRequired": {"n": ["tags"]}}
            """#.replacing("\n", with: " ")
        #expect(try problems(inputs, #"{"tags":["a","b"],"n":19.99}"#) == [])
        #expect(
            try problems(inputs, #"{"tags":["a","B"]}"#) == [
                "the input \"tags\" at /1 must match the pattern ^[a-z]+$"
            ])
        #expect(
            try problems(inputs, #"{"n":0.001}"#) == [
                "the input \"n\" must be a multiple of 0.01; 0.001 is none",
                "the input must have the property \"tags\" because it has \"n\"",
            ])
    }

    @Test("a run may name no other inputs, unless the schema says so")
    func others() throws {
        #expect(try problems("{properties: {path: {}}}", #"{"b":1}"#) == ["there is no input \"b\""])
        #expect(try problems("{properties: {a: {}}, additionalProperties: true}", #"{"b":1}"#) == [])
        #expect(
            try problems("{additionalProperties: {type: string}}", #"{"b":1}"#) == [
                "the input \"b\" must be string, not integer"
            ])
        #expect(try problems("{patternProperties: {'^x-': {}}}", #"{"x-a":1,"b":1}"#) == ["there is no input \"b\""])
        #expect(try problems("{allOf: [{properties: {a: {}}}]}", #"{"a":1,"b":1}"#) == ["there is no input \"b\""])
        #expect(try problems("{}", #"{"a":1}"#) == ["there is no input \"a\""])
    }

    @Test("a schema comes back from its canonical form, and what says the same has the same form")
    func canonical() throws {
        func workflow(_ inputs: String) throws -> Workflow {
            try Workflow(parsing: Array("name: a\ninputs: \(inputs)\nsteps: [{id: a, uses: noop}]".utf8), file: "a")
        }
        let first = try workflow(
            "{properties: {b: {maxLength: 3, default: x, type: [string]}, a: {}}, required: [b], minProperties: 1}")
        let second = try workflow(
            "{minProperties: 1, required: [b], additionalProperties: false, type: object, properties: {b: {type: string, default: x, maxLength: 3}, a: {}}}"
        )
        #expect(first.definition.canonical == second.definition.canonical)
        #expect(
            String(decoding: first.definition.canonical, as: UTF8.self).contains(
                #"""
                "inputs":{"type":"object","required":["b"],"properties":{"b":{"type":"string","default":"x","maxLength":3},\#
                "a":{}},"minProperties":1}
                """#))
        let stored = try Plan.compile(canonical: first.definition.canonical)
        #expect(throws: InputError.self) { try stored.checkInput(Array(#"{"b":"long"}"#.utf8)) }
        #expect(String(decoding: try stored.checkInput(Array("{}".utf8)), as: UTF8.self) == #"{"b":"x"}"#)
    }
}
