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
                "the input \"name\" is missing", "the input \"mode\" must be one of \"fast\", \"safe\"",
                "the input \"count\" must be integer, not number", "the input \"ratio\" must be number, not string",
                "the input \"maybe\" must be array or null, not object",
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
}
