import Schemas
import Testing

@Suite("Schemas that are refused")
struct SchemaProblemTests {
    @Test(
        "keywords with values that they do not take",
        arguments: [
            (#"{"type":"strin"}"#, "#/type", "unknown type \"strin\"; did you mean \"string\"?"),
            (#"{"type":[]}"#, "#/type", "type must be a type's name or a list of them, not []"),
            (#"{"type":["null","null"]}"#, "#/type/1", "type names \"null\" twice"),
            (#"{"enum":1}"#, "#/enum", "enum must be a list of values, not 1"),
            (#"{"multipleOf":0}"#, "#/multipleOf", "multipleOf must be more than 0, not 0"),
            (#"{"minimum":"1"}"#, "#/minimum", "minimum must be a number, not \"1\""),
            (#"{"maxLength":-1}"#, "#/maxLength", "maxLength must be a whole number that is not negative, not -1"),
            (#"{"maxLength":1.5}"#, "#/maxLength", "maxLength must be a whole number that is not negative, not 1.5"),
            (#"{"allOf":[]}"#, "#/allOf", "allOf must be a list of at least one schema, not []"),
            (#"{"properties":[]}"#, "#/properties", "properties must be an object of schemas, not []"),
            (#"{"properties":{"a":1}}"#, "#/properties/a", "a schema is an object, true or false, not integer"),
            (#"{"required":"a"}"#, "#/required", "required must be a list of names, not \"a\""),
            (#"{"required":["a","a"]}"#, "#/required/1", "required names \"a\" twice"),
            (#"{"uniqueItems":1}"#, "#/uniqueItems", "uniqueItems must be true or false, not 1"),
            (
                #"{"dependentRequired":{"a/b":1}}"#, "#/dependentRequired/a~1b",
                "dependentRequired must be a list of names, not 1"
            ),
            (#"{"$id":5}"#, "#/$id", "$id must be text, not 5"),
            ("12", "#", "a schema is an object, true or false, not integer"),
        ])
    func keywords(schema: String, place: String, message: String) throws {
        #expect(try problems(schema).map(\.description) == ["\(place): \(message)"])
    }

    @Test("every problem at once")
    func all() throws {
        let found = try problems(#"{"type":"x","minimum":null,"items":{"pattern":"("},"not":3}"#)
        #expect(Set(found.map(\.pointer)) == ["/type", "/minimum", "/items/pattern", "/not"])
    }

    @Test("patterns that are wrong or too large are refused, with the reason")
    func patterns() throws {
        let found = try problems(
            #"{"patternProperties":{"(?:a{900}){900}":{}},"properties":{"a":{"pattern":"(a)\\2"}}}"#)
        #expect(Set(found.map(\.pointer)) == ["/patternProperties/(?:a{900}){900}", "/properties/a/pattern"])
        #expect(found.allSatisfy { $0.code == .invalidPattern })
        #expect(found.contains { $0.message.contains("50000 parts") })
        #expect(found.contains { $0.message.contains("there is no group 2") })
    }

    @Test("misspelt keywords are refused on request; words of one's own are not")
    func misspelling() throws {
        let strict = SchemaOptions(refusesMisspelling: true)
        let found = try problems(
            #"{"requird":["a"],"note":"x","x-kind":1,"widget":2,"items":{"minimun":1}}"#, options: strict)
        #expect(
            Set(found.map(\.description)) == [
                "#/requird: unknown keyword \"requird\"; did you mean \"required\"?",
                "#/items/minimun: unknown keyword \"minimun\"; did you mean \"minimum\"?",
            ])
        #expect(try problems(#"{"requird":["a"]}"#) == [])
        #expect(try problems(#"{"properties":{"requird":{}}}"#, options: strict) == [])
    }

    @Test("an unreadable resource gives its reason")
    func unreadable() throws {
        struct Broken: SchemaResources {
            func document(at uri: String) throws(SchemaResourceError) -> ExactJSON? {
                throw SchemaResourceError("line 1, column 2: expected a value")
            }
        }
        let error = try #require(throws: SchemaError.self) {
            try Schema(ExactJSON(parsing: #"{"$ref":"http://h.test/x"}"#), resources: Broken())
        }
        #expect(error.problems.map(\.code) == [.unreadableResource])
        #expect(error.description.contains("line 1, column 2"))
    }
}
