import Schemas
import Testing

@Suite("What no schema has evaluated")
struct UnevaluatedTests {
    @Test(
        "properties",
        arguments: [
            Judgement(#"{"unevaluatedProperties":false}"#, valid: ["{}", "[1]", "1"], invalid: [#"{"a":1}"#]),
            Judgement(
                #"{"unevaluatedProperties":{"minLength":3}}"#, valid: [#"{"a":"foo"}"#], invalid: [#"{"a":"fo"}"#]),
            Judgement(
                #"{"properties":{"a":{}},"patternProperties":{"^b":{}},"unevaluatedProperties":false}"#,
                valid: [#"{"a":1,"bar":2}"#], invalid: [#"{"a":1,"c":2}"#]),
            Judgement(
                #"{"properties":{"a":{}},"additionalProperties":true,"unevaluatedProperties":false}"#,
                valid: [#"{"z":1}"#]),
            // Within allOf, anyOf, $ref, dependentSchemas and if the evaluated parts come up …
            Judgement(
                #"{"properties":{"a":{}},"allOf":[{"properties":{"b":{}}}],"unevaluatedProperties":false}"#,
                valid: [#"{"a":1,"b":2}"#], invalid: [#"{"a":1,"b":2,"c":3}"#]),
            Judgement(
                #"{"anyOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"properties":{"c":{"const":1}},"required":["c"]}],"unevaluatedProperties":false}"#,
                valid: [#"{"b":1}"#, #"{"b":1,"c":1}"#], invalid: [#"{"b":1,"c":2}"#]),
            Judgement(
                #"{"oneOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"properties":{"c":{}},"required":["c"]}],"unevaluatedProperties":false}"#,
                valid: [#"{"b":1}"#, #"{"c":2}"#], invalid: [#"{"b":1,"d":1}"#]),
            Judgement(
                ##"{"$ref":"#/$defs/x","properties":{"a":{}},"unevaluatedProperties":false,"$defs":{"x":{"properties":{"b":{}}}}}"##,
                valid: [#"{"a":1,"b":2}"#], invalid: [#"{"c":1}"#]),
            Judgement(
                #"{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":{}}},"else":{"properties":{"c":{}}},"unevaluatedProperties":false}"#,
                valid: [#"{"a":1,"b":2}"#, #"{"c":1}"#], invalid: [#"{"a":1,"c":2}"#, #"{"a":2,"c":2}"#]),
            Judgement(
                #"{"if":{"patternProperties":{"a":{"type":"string"}}},"unevaluatedProperties":false}"#,
                valid: [#"{"a":"a"}"#], invalid: [#"{"a":1}"#, #"{"b":"a"}"#]),
            Judgement(
                #"{"dependentSchemas":{"a":{"properties":{"b":{}}}},"properties":{"a":{}},"unevaluatedProperties":false}"#,
                valid: [#"{"a":1,"b":2}"#], invalid: [#"{"b":2}"#]),
            // … but not out of not, and not to cousins.
            Judgement(
                #"{"not":{"not":{"properties":{"a":{}}}},"unevaluatedProperties":false}"#, invalid: [#"{"a":1}"#]),
            Judgement(#"{"allOf":[{"properties":{"a":{}}},{"unevaluatedProperties":false}]}"#, invalid: [#"{"a":1}"#]),
            Judgement(
                #"{"allOf":[{"unevaluatedProperties":true}],"unevaluatedProperties":false}"#, valid: [#"{"a":1}"#]),
            Judgement(
                #"{"properties":{"a":{"properties":{"b":{}}}},"allOf":[{"unevaluatedProperties":true}],"unevaluatedProperties":false}"#,
                valid: [#"{"a":{"b":1},"z":1}"#]),
            Judgement(
                #"{"properties":{"a":{"unevaluatedProperties":false,"properties":{"b":{}}}},"unevaluatedProperties":false}"#,
                valid: [#"{"a":{"b":1}}"#], invalid: [#"{"a":{"c":1}}"#]),
            Judgement(
                #"{"propertyNames":{"maxLength":1},"unevaluatedProperties":{"type":"number"}}"#,
                valid: [#"{"a":1}"#], invalid: [#"{"a":"b"}"#]),
            Judgement(#"{"anyOf":[true,{"properties":{"a":{}}}],"unevaluatedProperties":false}"#, valid: [#"{"a":1}"#]),
            // A schema that fails evaluates nothing.
            Judgement(
                #"{"anyOf":[{"properties":{"a":{"type":"string"}}},{"required":["b"]}],"unevaluatedProperties":false}"#,
                invalid: [#"{"a":1,"b":2}"#]),
            // Within not everything is collected, though nothing comes out.
            Judgement(
                #"{"not":{"anyOf":[true,{"properties":{"foo":true}}],"unevaluatedProperties":false}}"#,
                valid: [#"{"bar":1}"#], invalid: [#"{"foo":1}"#]),
            Judgement(
                ##"{"type":"object","properties":{"x":{"$ref":"#"}},"unevaluatedProperties":false}"##,
                valid: ["{}", #"{"x":{}}"#, #"{"x":{"x":{}}}"#], invalid: [#"{"x":{"y":{}}}"#, #"{"x":{},"y":{}}"#]),
            // References within alternatives, several deep.
            Judgement(
                ##"{"$defs":{"one":{"oneOf":[{"$ref":"#/$defs/two"},{"required":["b"],"properties":{"b":true}},{"required":["xx"],"patternProperties":{"x":true}},{"required":["all"],"unevaluatedProperties":true}]},"two":{"oneOf":[{"required":["c"],"properties":{"c":true}},{"required":["d"],"properties":{"d":true}}]}},"oneOf":[{"$ref":"#/$defs/one"},{"required":["a"],"properties":{"a":true}}],"unevaluatedProperties":false}"##,
                valid: [
                    #"{"a":1}"#, #"{"b":1}"#, #"{"c":1}"#, #"{"d":1}"#, #"{"xx":1,"foox":1}"#, #"{"all":1,"foo":2}"#,
                ],
                invalid: [
                    "{}", #"{"a":1,"b":1}"#, #"{"a":1,"c":1}"#, #"{"c":1,"d":1}"#, #"{"xx":1,"foo":1}"#,
                    #"{"all":1,"a":1}"#,
                ]),
            Judgement(
                ##"{"$id":"https://u.test/derived","$ref":"./base","$defs":{"derived":{"$dynamicAnchor":"addons","properties":{"bar":{"type":"string"}}},"base":{"$id":"./base","unevaluatedProperties":false,"properties":{"foo":{"type":"string"}},"$dynamicRef":"#addons","$defs":{"none":{"$dynamicAnchor":"addons"}}}}}"##,
                valid: [#"{"foo":"a","bar":"b"}"#], invalid: [#"{"foo":"a","baz":"b"}"#, #"{"bar":1}"#]),
            Judgement(
                #"{"dependentSchemas":{"foo":{"properties":{"bar":false}}},"patternProperties":{"^f":true},"unevaluatedProperties":{"const":null}}"#,
                valid: [#"{"foo":1,"z":null}"#, #"{"bar":null}"#], invalid: [#"{"foo":1,"bar":null}"#, #"{"z":1}"#]),
        ])
    func properties(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "items",
        arguments: [
            Judgement(#"{"unevaluatedItems":false}"#, valid: ["[]", "{}"], invalid: ["[1]"]),
            Judgement(
                #"{"prefixItems":[{}],"unevaluatedItems":{"type":"string"}}"#, valid: ["[1,\"a\"]"], invalid: ["[1,2]"]),
            Judgement(#"{"items":{},"unevaluatedItems":false}"#, valid: ["[1,2]"]),
            Judgement(
                #"{"allOf":[{"prefixItems":[true,{"type":"number"}]}],"prefixItems":[true],"unevaluatedItems":false}"#,
                valid: ["[1,2]"], invalid: ["[1,2,3]"]),
            Judgement(
                #"{"contains":{"type":"string"},"prefixItems":[true],"unevaluatedItems":false}"#,
                valid: ["[1,\"a\"]", "[\"a\"]"], invalid: ["[1,2]", "[1,2,\"a\"]", "[]", "[1]"]),
            Judgement(
                #"{"allOf":[{"contains":{"multipleOf":2}},{"contains":{"multipleOf":3}}],"unevaluatedItems":{"multipleOf":5}}"#,
                valid: ["[2,3,4,5,6]"], invalid: ["[2,3,4,7,8]"]),
            Judgement(
                #"{"if":{"contains":{"const":"a"}},"then":{"if":{"contains":{"const":"b"}}},"unevaluatedItems":false}"#,
                valid: ["[]", "[\"a\",\"a\"]", "[\"a\",\"b\",\"a\"]"], invalid: ["[\"b\",\"b\"]", "[\"c\"]"]),
            Judgement(
                #"{"contains":{"const":1},"minContains":0,"unevaluatedItems":false}"#, valid: ["[]", "[1,1]"],
                invalid: ["[2]"]),
            Judgement(#"{"allOf":[{"prefixItems":[true]},{"unevaluatedItems":false}]}"#, invalid: ["[1]"]),
            Judgement(#"{"allOf":[{"unevaluatedItems":true}],"unevaluatedItems":false}"#, valid: ["[1]"]),
        ])
    func items(judgement: Judgement) throws { try judgement.check() }
}
