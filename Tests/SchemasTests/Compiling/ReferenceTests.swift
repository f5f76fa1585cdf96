import Schemas
import Testing

@Suite("References")
struct ReferenceTests {
    @Test(
        "within a document",
        arguments: [
            Judgement(
                ##"{"properties":{"foo":{"$ref":"#"}},"additionalProperties":false}"##,
                valid: [#"{"foo":{"foo":false}}"#], invalid: [#"{"foo":{"bar":1}}"#]),
            Judgement(
                ##"{"$defs":{"tilde~field":{"type":"integer"},"slash/field":{"type":"integer"},"percent%field":{"type":"integer"},"quote\"f":{"type":"integer"}},"properties":{"t":{"$ref":"#/$defs/tilde~0field"},"s":{"$ref":"#/$defs/slash~1field"},"p":{"$ref":"#/$defs/percent%25field"},"q":{"$ref":"#/$defs/quote%22f"}}}"##,
                valid: [#"{"t":1,"s":1,"p":1,"q":1}"#],
                invalid: [#"{"t":"x"}"#, #"{"s":"x"}"#, #"{"p":"x"}"#, #"{"q":"x"}"#]),
            Judgement(
                ##"{"$defs":{"":{"$defs":{"":{"type":"number"}}}},"allOf":[{"$ref":"#/$defs//$defs/"}]}"##,
                valid: ["1"], invalid: ["\"a\""]),
            Judgement(
                ##"{"prefixItems":[{"type":"integer"},{"$ref":"#/prefixItems/0"}]}"##, valid: ["[1,2]"],
                invalid: ["[1,\"a\"]"]),
            Judgement(
                ##"{"$defs":{"r":{"type":"array"}},"properties":{"foo":{"$ref":"#/$defs/r","maxItems":2}}}"##,
                valid: [#"{"foo":[]}"#], invalid: [#"{"foo":[1,2,3]}"#, #"{"foo":1}"#]),
            Judgement(
                ##"{"properties":{"$ref":{"$ref":"#/$defs/is-string"}},"$defs":{"is-string":{"type":"string"}}}"##,
                valid: [#"{"$ref":"a"}"#], invalid: [#"{"$ref":2}"#]),
            Judgement(##"{"$ref":"#/$defs/b","$defs":{"b":false}}"##, invalid: ["1"]),
            Judgement(
                ##"{"$ref":"#foo","$defs":{"A":{"$anchor":"foo","type":"integer"}}}"##, valid: ["1"], invalid: ["\"a\""]
            ),
            Judgement(##"{"$ref":"#/unknown/0","unknown":[{"type":"integer"}]}"##, valid: ["1"], invalid: ["\"a\""]),
        ])
    func local(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "by identifiers and their bases",
        arguments: [
            Judgement(
                ##"{"$id":"http://a.test/tree","properties":{"nodes":{"items":{"$ref":"node"}}},"$defs":{"node":{"$id":"http://a.test/node","properties":{"value":{"type":"number"},"subtree":{"$ref":"tree"}},"required":["value"]}}}"##,
                valid: [#"{"nodes":[{"value":1,"subtree":{"nodes":[{"value":2}]}}]}"#],
                invalid: [#"{"nodes":[{"value":1,"subtree":{"nodes":[{"value":"x"}]}}]}"#]),
            Judgement(
                ##"{"$id":"http://a.test/schema-1.json","$ref":"schema-2.json","$defs":{"A":{"$id":"schema-2.json","$ref":"#foo","$defs":{"x":{"$anchor":"foo","type":"integer"}}},"B":{"$anchor":"foo","type":"string"}}}"##,
                valid: ["1"], invalid: ["\"a\""]),
            Judgement(
                ##"{"$id":"urn:uuid:7c0e6b1a-52d4-4f0b-9e3d-0a6b3c2d1e4f","properties":{"foo":{"$ref":"urn:uuid:7c0e6b1a-52d4-4f0b-9e3d-0a6b3c2d1e4f#/$defs/bar"},"x":{"$ref":"#some"}},"$defs":{"bar":{"type":"string","$anchor":"some"}}}"##,
                valid: [#"{"foo":"bar","x":"y"}"#], invalid: [#"{"foo":12}"#, #"{"x":1}"#]),
            Judgement(
                ##"{"$id":"urn:example:lakes?=op=map&lat=52.4","properties":{"foo":{"$ref":"#/$defs/bar"}},"$defs":{"bar":{"type":"string"}}}"##,
                invalid: [#"{"foo":12}"#]),
            Judgement(
                ##"{"$ref":"http://a.test/ref/if","if":{"$id":"http://a.test/ref/if","type":"integer"}}"##,
                valid: ["1"], invalid: ["\"a\""]),
            Judgement(
                ##"{"$id":"http://a.test/a.json","$defs":{"x":{"$id":"http://a.test/b/c.json","not":{"$defs":{"y":{"$id":"d.json","type":"number"}}}}},"allOf":[{"$ref":"http://a.test/b/d.json"}]}"##,
                valid: ["1"], invalid: ["\"a\""]),
            Judgement(
                ##"{"$id":"file:///folder/file.json","$defs":{"foo":{"type":"number"}},"$ref":"#/$defs/foo"}"##,
                valid: ["1"], invalid: ["\"a\""]),
            Judgement(
                ##"{"$id":"http://a.test/x","$ref":"/absref/foobar.json","$defs":{"a":{"$id":"http://a.test/absref/foobar.json","type":"number"}}}"##,
                valid: ["1"], invalid: ["\"a\""]),
            // What stands in enum, const and unknown keywords is data, no schema.
            Judgement(
                ##"{"$defs":{"e":{"enum":[{"$id":"http://a.test/my","type":"null"}]},"real":{"$id":"http://a.test/my","type":"string"},"c":{"const":{"$id":"http://a.test/my","type":"null"}}},"anyOf":[{"$ref":"#/$defs/e"},{"$ref":"http://a.test/my"}]}"##,
                valid: [#"{"$id":"http://a.test/my","type":"null"}"#, "\"a\""], invalid: ["1"]),
            Judgement(
                ##"{"$defs":{"u":{"not":{"list-of-mine":[{"$id":"http://a.test/mine","type":"null"}]}},"real":{"$id":"http://a.test/mine","type":"string"}},"anyOf":[{"$ref":"#/$defs/u"},{"$ref":"http://a.test/mine"}]}"##,
                valid: ["\"a\""], invalid: ["1", "null"]),
            Judgement(
                ##"{"$defs":{"e":{"enum":[{"$anchor":"my","type":"null"}]},"real":{"$anchor":"my","type":"string"},"c":{"const":{"$anchor":"my"}}},"anyOf":[{"$ref":"#/$defs/e"},{"$ref":"#my"}]}"##,
                valid: [#"{"type":"null","$anchor":"my"}"#, "\"a\""], invalid: ["null"]),
            // $id comes before $ref and before $anchor, wherever they stand beside it.
            Judgement(
                ##"{"$id":"https://a.test/order/base.json","$ref":"int.json","$defs":{"big":{"$id":"int.json","maximum":10},"small":{"$id":"/order-int.json","maximum":2}}}"##,
                valid: ["5"], invalid: ["50"]),
            Judgement(
                ##"{"$id":"https://a.test/o2/base.json","$ref":"#big","$defs":{"big":{"$anchor":"big","maximum":10},"small":{"$id":"https://a.test/o2/","$anchor":"big","maximum":2}}}"##,
                valid: ["5"], invalid: ["50"]),
            Judgement(
                ##"{"$id":"http://a.test/same","$ref":"child1#my","$defs":{"A":{"$id":"child1","allOf":[{"$id":"child2","$anchor":"my","type":"number"},{"$anchor":"my","type":"string"}]}}}"##,
                valid: ["\"a\""], invalid: ["1"]),
            Judgement(
                ##"{"$ref":"urn:uuid:7c0e6b1a-52d4-4f0b-9e3d-0a6b3c2d1e50","$defs":{"foo":{"$id":"urn:uuid:7c0e6b1a-52d4-4f0b-9e3d-0a6b3c2d1e50","$ref":"#/$defs/bar","$defs":{"bar":{"type":"string"}}}}}"##,
                valid: ["\"a\""], invalid: ["1"]),
            Judgement(
                ##"{"$id":"urn:example:a-b?+CCResolve:cc=nl","properties":{"foo":{"$ref":"#/$defs/bar"}},"$defs":{"bar":{"type":"string"}}}"##,
                valid: [#"{"foo":"a"}"#], invalid: [#"{"foo":12}"#]),
            Judgement(
                ##"{"$id":"/base","examples":[{"type":"string"}],"$ref":"#/examples/0"}"##, valid: ["\"a\""],
                invalid: ["1"]),
            // What then holds is known even where nothing looks at it, and evaluation begins anew behind a reference.
            Judgement(
                ##"{"$ref":"http://a.test/then","then":{"$id":"http://a.test/then","type":"integer"}}"##, valid: ["1"],
                invalid: ["\"a\""]),
            Judgement(
                ##"{"$ref":"#/$defs/closed","properties":{"p":true},"$defs":{"closed":{"unevaluatedProperties":false}}}"##,
                valid: ["{}"], invalid: [#"{"p":1}"#]),
        ])
    func identified(judgement: Judgement) throws { try judgement.check() }

    @Test("to other documents")
    func remote() throws {
        let resources = [
            "http://h.test/integer.json": #"{"type":"integer"}"#,
            "http://h.test/subSchemas.json":
                ##"{"$defs":{"integer":{"type":"integer"},"ref":{"$ref":"#/$defs/integer"},"a":{"$anchor":"foo","type":"string"}}}"##,
            "http://h.test/folder/folderInteger.json": #"{"type":"integer"}"#,
            "http://h.test/nested/base.json": ##"{"$id":"http://h.test/other/","properties":{"a":{"$ref":"b.json"}}}"##,
            "http://h.test/other/b.json": #"{"type":"null"}"#,
            "http://h.test/different-id.json":
                ##"{"$id":"http://h.test/real-id.json","$defs":{"bar":{"type":"string"}},"$ref":"#/$defs/bar"}"##,
            "http://h.test/deep/ref.json": #"{"properties":{"foo":{"$ref":"text.json"}}}"#,
            "http://h.test/deep/text.json": #"{"type":"string"}"#,
            "http://h.test/names.json":
                ##"{"$defs":{"orNull":{"anyOf":[{"type":"null"},{"$ref":"#"}]}},"type":"string"}"##,
            "http://h.test/to-urn.json":
                ##"{"$id":"urn:uuid:0f3e6b1a-52d4-4f0b-9e3d-0a6b3c2d1e51","$defs":{"bar":{"type":"string"}},"$ref":"#/$defs/bar"}"##,
            "http://h.test/nested-absolute.json":
                ##"{"$defs":{"bar":{"$id":"http://h.test/nested-id.json","type":"string"}},"$ref":"http://h.test/nested-id.json"}"##,
            "http://h.test/detached.json":
                ##"{"$id":"http://h.test/detached.json","$defs":{"foo":{"$ref":"#detached"},"detached":{"$anchor":"detached","type":"integer"}}}"##,
        ]
        for judgement in [
            Judgement(#"{"$ref":"http://h.test/integer.json"}"#, valid: ["1"], invalid: ["\"a\""]),
            Judgement(#"{"$ref":"http://h.test/subSchemas.json#/$defs/ref"}"#, valid: ["1"], invalid: ["\"a\""]),
            Judgement(#"{"$ref":"http://h.test/subSchemas.json#foo"}"#, valid: ["\"a\""], invalid: ["1"]),
            Judgement(
                #"{"$id":"http://h.test/","items":{"$id":"folder/","items":{"$ref":"folderInteger.json"}}}"#,
                valid: ["[[1]]"], invalid: ["[[\"a\"]]"]),
            Judgement(#"{"$ref":"http://h.test/nested/base.json"}"#, valid: [#"{"a":null}"#], invalid: [#"{"a":1}"#]),
            Judgement(#"{"$ref":"http://h.test/different-id.json"}"#, valid: ["\"a\""], invalid: ["1"]),
            Judgement(#"{"$ref":"http://h.test/detached.json#/$defs/foo"}"#, valid: ["1"], invalid: ["\"a\""]),
            Judgement(
                ##"{"$id":"http://h.test/change.json","properties":{"l":{"$ref":"folder/#/$defs/bar"}},"$defs":{"baz":{"$id":"folder/","$defs":{"bar":{"items":{"$ref":"folderInteger.json"}}}}}}"##,
                valid: [#"{"l":[1]}"#], invalid: [#"{"l":["a"]}"#]),
            // The base of a document without $id is where it was found, whatever the referrer's base is.
            Judgement(
                #"{"$id":"http://h.test/some-id","properties":{"n":{"$ref":"deep/ref.json"}}}"#,
                valid: [#"{"n":{"foo":"a"}}"#], invalid: [#"{"n":{"foo":1}}"#]),
            Judgement(
                #"{"$ref":"http://h.test/names.json#/$defs/orNull"}"#, valid: ["null", "\"a\""], invalid: ["1"]),
            Judgement(#"{"$ref":"http://h.test/to-urn.json"}"#, valid: ["\"a\""], invalid: ["1"]),
            Judgement(#"{"$ref":"http://h.test/nested-absolute.json"}"#, valid: ["\"a\""], invalid: ["1"]),
        ] { try judgement.check(resources: resources) }
    }

    @Test("that lead nowhere, with their places")
    func unresolved() throws {
        let found = try problems(
            ##"{"properties":{"a":{"$ref":"#/$defs/x"},"b":{"$ref":"#nope"},"c":{"$ref":"http://h.test/gone.json"},"d":{"$ref":"#/$defs/%zz"},"e":{"$ref":"#/properties"}, "f":{"$ref":"#/title"}},"title":"t"}"##
        )
        #expect(
            Set(found.map(\.description)) == [
                "#/properties/a/$ref: \"#/$defs/x\": nothing stands at /$defs/x",
                "#/properties/b/$ref: \"#nope\": there is no $anchor \"nope\"",
                """
                #/properties/c/$ref: "http://h.test/gone.json" names "http://h.test/gone.json", which is not among the \
                resources
                """,
                "#/properties/d/$ref: the fragment of \"#/$defs/%zz\" has a malformed percent escape",
                "#/properties/f/$ref: \"#/title\" leads to string; a schema is an object, true or false",
            ])
    }

    @Test("identifiers that are wrong or stand twice")
    func identifiers() throws {
        let codes = try problems(
            ##"{"$defs":{"a":{"$id":"http://a.test/x"},"b":{"$id":"http://a.test/x"},"c":{"$anchor":"n"},"d":{"$anchor":"n"},"e":{"$id":"y#frag"},"f":{"$anchor":"1a"}}}"##
        )
        #expect(
            codes.map(\.code).sorted { $0.rawValue < $1.rawValue } == [
                .duplicateIdentifier, .duplicateIdentifier, .invalidKeyword, .invalidKeyword,
            ])
    }
}
