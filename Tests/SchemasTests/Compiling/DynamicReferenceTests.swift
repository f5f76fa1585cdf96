import Schemas
import Testing

@Suite("Dynamic references")
struct DynamicReferenceTests {
    @Test(
        "the outermost anchor of the dynamic scope",
        arguments: [
            Judgement(
                ##"{"$id":"https://t.test/typical","$ref":"list","$defs":{"foo":{"$dynamicAnchor":"items","type":"string"},"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#items"},"$defs":{"items":{"$dynamicAnchor":"items"}}}}}"##,
                valid: ["[\"a\"]"], invalid: ["[\"a\",42]"]),
            // An $anchor is not dynamic, on either side.
            Judgement(
                ##"{"$id":"https://t.test/x","$ref":"list","$defs":{"foo":{"$dynamicAnchor":"items","type":"string"},"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#items"},"$defs":{"items":{"$anchor":"items"}}}}}"##,
                valid: ["[\"a\",42]"]),
            Judgement(
                ##"{"$id":"https://t.test/y","$ref":"list","$defs":{"foo":{"$anchor":"items","type":"string"},"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#items"},"$defs":{"items":{"$dynamicAnchor":"items"}}}}}"##,
                valid: ["[\"a\",42]"]),
            // A $ref to a $dynamicAnchor is a $ref.
            Judgement(
                ##"{"$id":"https://t.test/z","$ref":"list","$defs":{"foo":{"$dynamicAnchor":"items","type":"string"},"list":{"$id":"list","type":"array","items":{"$ref":"#items"},"$defs":{"items":{"$dynamicAnchor":"items"}}}}}"##,
                valid: ["[\"a\",42]"]),
            // A pointer is static even where it leads to a $dynamicAnchor.
            Judgement(
                ##"{"$id":"https://t.test/p","$ref":"list","$defs":{"foo":{"$dynamicAnchor":"items","type":"string"},"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#/$defs/items"},"$defs":{"items":{"$dynamicAnchor":"items"}}}}}"##,
                valid: ["[\"a\",42]"]),
            // Intermediate resources without the anchor are skipped, and scopes are entered by their inner parts too.
            Judgement(
                ##"{"$id":"https://t.test/i","$ref":"intermediate","$defs":{"foo":{"$dynamicAnchor":"items","type":"string"},"mid":{"$id":"intermediate","$ref":"list"},"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#items"},"$defs":{"items":{"$dynamicAnchor":"items"}}}}}"##,
                valid: ["[\"a\"]"], invalid: ["[42]"]),
            Judgement(
                ##"{"$id":"https://t.test/dyn/main","$ref":"first#/$defs/stuff","$defs":{"first":{"$id":"first","$defs":{"stuff":{"$ref":"second#/$defs/stuff"},"length":{"$dynamicAnchor":"length","maxLength":1}}},"second":{"$id":"second","$defs":{"stuff":{"$ref":"third#/$defs/stuff"},"length":{"$dynamicAnchor":"length","maxLength":2}}},"third":{"$id":"third","$defs":{"stuff":{"$dynamicRef":"#length"},"length":{"$dynamicAnchor":"length","maxLength":3}}}}}"##,
                valid: ["\"a\""], invalid: ["\"ab\""]),
            // The scope of a resource that was left is forgotten.
            Judgement(
                ##"{"$id":"https://t.test/leave/main","if":{"$id":"first_scope","$defs":{"thingy":{"$dynamicAnchor":"thingy","type":"number"}}},"then":{"$id":"second_scope","$ref":"start","$defs":{"thingy":{"$dynamicAnchor":"thingy","type":"null"}}},"$defs":{"start":{"$id":"start","$dynamicRef":"inner_scope#thingy"},"thingy":{"$id":"inner_scope","$dynamicAnchor":"thingy","type":"string"}}}"##,
                valid: ["null"], invalid: ["\"a\"", "42"]),
            // Booleans are targets too.
            Judgement(
                ##"{"$defs":{"yes":true,"no":false},"properties":{"y":{"$dynamicRef":"#/$defs/yes"},"n":{"$dynamicRef":"#/$defs/no"}}}"##,
                valid: [#"{"y":1}"#], invalid: [#"{"n":1}"#]),
            // A pointer into an inner resource does not enter the one around it.
            Judgement(
                ##"{"$id":"https://t.test/skip/main","properties":{"x":{"$ref":"outer#/$defs/inner"},"y":{"$ref":"outer"}},"$defs":{"outer":{"$id":"outer","$ref":"inner","$defs":{"inner":{"$id":"inner","properties":{"c":{"$dynamicRef":"#c"}},"$defs":{"default":{"$dynamicAnchor":"c","type":"integer"}}},"other":{"$dynamicAnchor":"c","type":"string"}}}}}"##,
                valid: [#"{"x":{"c":1}}"#, #"{"y":{"c":"a"}}"#], invalid: [#"{"x":{"c":"a"}}"#, #"{"y":{"c":1}}"#]),
            // Where the first target is an $anchor, the dynamic ones of other resources do not count.
            Judgement(
                ##"{"$id":"https://t.test/first/root","$dynamicAnchor":"m","properties":{"p":{"const":"x"}},"$ref":"ext","$defs":{"ext":{"$id":"ext","$anchor":"m","properties":{"b":{"$ref":"bar"}}},"bar":{"$id":"bar","properties":{"z":{"$dynamicRef":"ext#m"}}}}}"##,
                valid: [#"{"b":{"z":{"p":"y"}}}"#], invalid: [#"{"p":"y"}"#]),
            Judgement(
                ##"{"$id":"https://t.test/same/root","$dynamicAnchor":"m","properties":{"p":{"const":"x"}},"$ref":"ext","$defs":{"ext":{"$id":"ext","$dynamicAnchor":"m","properties":{"b":{"$ref":"bar"}}},"bar":{"$id":"bar","properties":{"z":{"$dynamicRef":"ext#m"}}}}}"##,
                valid: [#"{"b":{"z":{"p":"x"}}}"#], invalid: [#"{"b":{"z":{"p":"y"}}}"#]),
            // Which way was taken decides.
            Judgement(
                ##"{"$id":"https://t.test/ways/main","if":{"properties":{"kind":{"const":"n"}}},"then":{"$ref":"numbers"},"else":{"$ref":"texts"},"$defs":{"list":{"$id":"list","properties":{"of":{"items":{"$dynamicRef":"#item"}}},"$defs":{"any":{"$dynamicAnchor":"item"}}},"numbers":{"$id":"numbers","$ref":"list","$defs":{"i":{"$dynamicAnchor":"item","type":"number"}}},"texts":{"$id":"texts","$ref":"list","$defs":{"i":{"$dynamicAnchor":"item","type":"string"}}}}}"##,
                valid: [#"{"kind":"n","of":[1]}"#, #"{"kind":"t","of":["a"]}"#],
                invalid: [#"{"kind":"n","of":["a"]}"#, #"{"kind":"t","of":[1]}"#]),
        ])
    func scope(judgement: Judgement) throws { try judgement.check() }

    @Test("extending a recursive schema: a strict tree")
    func strictTree() throws {
        let resources = [
            "http://t.test/tree.json":
                ##"{"$id":"http://t.test/tree.json","$dynamicAnchor":"node","type":"object","properties":{"data":true,"children":{"type":"array","items":{"$dynamicRef":"#node"}}}}"##
        ]
        try Judgement(
            ##"{"$id":"http://t.test/strict-tree.json","$dynamicAnchor":"node","$ref":"tree.json","unevaluatedProperties":false}"##,
            valid: [#"{"children":[{"data":1}]}"#], invalid: [#"{"children":[{"daat":1}]}"#, #"{"x":1}"#]
        ).check(resources: resources)
    }

    @Test("the metaschema judges schemas, through its dynamic anchor at any depth")
    func metaschema() throws {
        try Judgement(
            #"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#,
            valid: [
                #"{"minLength":1}"#, "true", #"{"$defs":{"foo":{"type":"integer"}}}"#,
                #"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#, #"{"dependencies":{"a":["b"],"c":{}}}"#,
            ],
            invalid: [
                #"{"minLength":-1}"#, "1", #"{"$defs":{"foo":{"type":1}}}"#,
                #"{"properties":{"a":{"items":{"allOf":[]}}}}"#,
                ##"{"$id":"#frag"}"##, #"{"required":["a","a"]}"#, #"{"$anchor":"1"}"#, #"{"multipleOf":0}"#,
                #"{"type":["string","string"]}"#,
            ]
        ).check()
    }

    @Test("metaschemas accept themselves and one another")
    func themselves() throws {
        let base = "https://json-schema.org/draft/2020-12/"
        for name in [
            "schema", "meta/core", "meta/applicator", "meta/unevaluated", "meta/validation", "meta/meta-data",
            "meta/format-annotation", "meta/format-assertion", "meta/content",
        ] {
            try Judgement(#"{"$ref":"\#(base)\#(name)"}"#, valid: [#"{"type":"object"}"#, "false"], invalid: ["1"])
                .check()
        }
    }
}
