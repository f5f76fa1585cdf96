import Schemas
import Testing

@Suite("Hostile schemas and instances end with an error that names the place")
struct BoundsTests {
    private func failure(_ schema: String, _ instance: ExactJSON) throws -> EvaluationError? {
        let compiled = try Schema(ExactJSON(parsing: schema))
        do {
            _ = try compiled.violations(in: instance)
            return nil
        } catch {
            return error
        }
    }

    @Test("doubling at every reference")
    func exponential() throws {
        var defs = (0..<40).map {
            ##""d\##($0)":{"allOf":[{"$ref":"#/$defs/d\##($0 + 1)"},{"$ref":"#/$defs/d\##($0 + 1)"}]}"##
        }
        defs.append(#""d40":{"type":"object"}"#)
        let schema = ##"{"$ref":"#/$defs/d0","$defs":{\##(defs.joined(separator: ","))}}"##
        let error = try #require(try failure(schema, .object(ExactObject())))
        #expect(error.code == .tooExpensive)
        #expect(error.keyword.hasPrefix("#/$defs/d"))
    }

    @Test("references that lead back without looking at a part of the instance")
    func cycles() throws {
        for schema in [
            ##"{"$ref":"#"}"##, ##"{"allOf":[{"$ref":"#"}]}"##, ##"{"not":{"$ref":"#"}}"##, ##"{"$dynamicRef":"#"}"##,
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"anyOf":[true,{"$ref":"#/$defs/a"}]}}}"##,
            ##"{"if":{"type":"string"},"then":{"$ref":"#"}}"##, ##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##,
        ] {
            let found = try problems(schema)
            #expect(found.map(\.code) == [.endlessReference], "\(schema)")
            #expect(found.first?.message.contains("would never end") == true)
        }
        let around = try problems(##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}"##)
        #expect(around.map(\.place) == ["#/$defs/a/$ref"])
    }

    @Test("the same schema twice on the same value is no cycle")
    func noCycle() throws {
        try Judgement(
            ##"{"$defs":{"int":{"type":"integer"}},"allOf":[{"properties":{"a":{"$ref":"#/$defs/int"}}},{"additionalProperties":{"$ref":"#/$defs/int"}}]}"##,
            valid: [#"{"a":1}"#], invalid: [#"{"a":"x"}"#]
        ).check()
        try Judgement(
            ##"{"properties":{"next":{"$ref":"#"}},"additionalProperties":false}"##,
            valid: [#"{"next":{"next":{}}}"#], invalid: [#"{"next":{"x":1}}"#]
        ).check()
    }

    @Test("a cycle through the dynamic scope, which only the evaluation can see")
    func dynamicCycle() throws {
        let schema = ##"""
            {"$id":"https://a.test/main","$ref":"inner","$defs":{"x":{"$dynamicAnchor":"x","$ref":"inner"},
            "inner":{"$id":"inner","$dynamicRef":"#x","$defs":{"x":{"$dynamicAnchor":"x","type":"string"}}}}}
            """##
        let error = try #require(try failure(schema, .null))
        #expect(error.code == .endlessReference)
    }

    @Test("deep nesting of instances, schemas and references")
    func deep() throws {
        var instance = ExactJSON.null
        for _ in 0..<2000 { instance = .array([instance]) }
        let error = try #require(try failure(##"{"items":{"$ref":"#"}}"##, instance))
        #expect(error.code == .tooDeep)
        let chain = (0..<2000).map { ##""d\##($0)":{"$ref":"#/$defs/d\##($0 + 1)"}"## }.joined(separator: ",")
        let refs = try #require(try failure(##"{"$ref":"#/$defs/d0","$defs":{\##(chain),"d2000":true}}"##, .null))
        #expect(refs.code == .tooDeep)
        #expect(throws: (any Error).self) {
            try ExactJSON(parsing: String(repeating: "[", count: 100_000))
        }
    }

    @Test("keywords within one another take more of the stack than depth, and end all the same")
    func stack() throws {
        let defs = (0..<800).map { index in
            ##""d\##(index)":{"allOf":[{"anyOf":[{"not":{"oneOf":[{"if":{"$ref":"#/$defs/d\##(index + 1)"}}]}}]}]}"##
        }
        let schema = ##"{"$ref":"#/$defs/d0","$defs":{"d800":true,\##(defs.joined(separator: ","))}}"##
        let compiled = try Schema(ExactJSON(parsing: schema))
        let limits = EvaluationLimits(depth: .max, stack: 256 << 10)
        let error = try #require(throws: EvaluationError.self) { try compiled.accepts(.null, limits: limits) }
        #expect(error.code == .tooDeep)
        #expect(throws: EvaluationError.self) { try compiled.accepts(.null) }
    }

    @Test("no more patterns than memory is for, each compiled once")
    func patterns() throws {
        func schema(_ count: Int, _ pattern: (Int) -> String) -> String {
            "{\"allOf\":[\((0..<count).map { "{\"pattern\":\"\(pattern($0))\"}" }.joined(separator: ","))]}"
        }
        #expect(try problems(schema(2001) { "^x\($0)" }).map(\.code) == [.tooLarge])
        #expect(try problems(schema(2001) { _ in "^x" }) == [])
    }

    @Test("as deep as the parser takes an instance, the evaluator follows")
    func deepest() throws {
        let text = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        let schema = try Schema(ExactJSON(parsing: ##"{"items":{"$ref":"#"}}"##))
        #expect(try schema.accepts(ExactJSON(parsing: text)))
    }

    @Test("a large instance has a budget of its own size")
    func large() throws {
        let schema = try Schema(ExactJSON(parsing: #"{"items":{"anyOf":[{"type":"string"},{"type":"null"}]}}"#))
        let instance = ExactJSON.array(Array(repeating: .null, count: 5000))
        let limits = EvaluationLimits(operations: 10, operationsPerValue: 20)
        #expect(try schema.accepts(instance, limits: limits))
        #expect(throws: EvaluationError.self) {
            try schema.accepts(instance, limits: EvaluationLimits(operations: 10, operationsPerValue: 1))
        }
    }

    @Test("a pattern that others take exponential time for")
    func pattern() throws {
        try Judgement(#"{"pattern":"^(a+)+$"}"#, invalid: ["\"\(String(repeating: "a", count: 5000))b\""]).check()
    }
}
