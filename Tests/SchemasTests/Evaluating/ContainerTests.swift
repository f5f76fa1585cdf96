import Schemas
import Testing

@Suite("Keywords that look into arrays and objects")
struct ContainerTests {
    @Test(
        "arrays",
        arguments: [
            Judgement(#"{"items":{"type":"integer"}}"#, valid: ["[1,2]", "[]", #"{"a":"x"}"#], invalid: ["[1,\"x\"]"]),
            Judgement(#"{"items":false}"#, valid: ["[]"], invalid: ["[1]"]),
            Judgement(
                #"{"prefixItems":[{"type":"integer"},{"type":"string"}]}"#,
                valid: ["[1,\"a\"]", "[1]", "[]", "[1,\"a\",true]"], invalid: ["[\"a\",1]"]),
            Judgement(
                #"{"prefixItems":[true],"items":{"type":"string"}}"#, valid: ["[1,\"a\"]"], invalid: ["[\"a\",1]"]),
            Judgement(#"{"prefixItems":[{},{}],"items":false}"#, valid: ["[1,2]"], invalid: ["[1,2,3]"]),
            Judgement(#"{"contains":{"minimum":5}}"#, valid: ["[3,5]", "{}"], invalid: ["[]", "[2,3]"]),
            Judgement(
                #"{"contains":{"const":1},"minContains":2,"maxContains":3}"#, valid: ["[1,1]", "[1,2,1,1]"],
                invalid: ["[1]", "[1,1,1,1]", "[]"]),
            Judgement(#"{"contains":{"const":1},"minContains":0}"#, valid: ["[]", "[2]"]),
            Judgement(
                #"{"contains":{"const":1},"minContains":0,"maxContains":1}"#, valid: ["[]", "[1]"], invalid: ["[1,1]"]),
            Judgement(#"{"minContains":2,"maxContains":1.0}"#, valid: ["[1,1,1]", "[]"]),
            Judgement(#"{"contains":{"const":1},"maxContains":1,"minContains":2}"#, invalid: ["[1]", "[1,1]", "[]"]),
            Judgement(#"{"contains":{"type":"null"}}"#, valid: ["[null]"]),
        ])
    func arrays(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "objects",
        arguments: [
            Judgement(
                #"{"properties":{"foo":{"type":"integer"},"bar":false},"patternProperties":{"f.o":{"minimum":2}},"additionalProperties":{"type":"string"}}"#,
                valid: [#"{"foo":2,"fxo":3,"other":"x"}"#, "[]", "{}"],
                invalid: [#"{"foo":1}"#, #"{"foo":"a"}"#, #"{"bar":1}"#, #"{"fxo":1}"#, #"{"other":1}"#]),
            Judgement(
                #"{"properties":{"foo\nbar":{"type":"null"},"foo\"bar":{"type":"null"},"$ref":{"type":"string"}}}"#,
                valid: [#"{"foo\nbar":null,"$ref":"a"}"#],
                invalid: [#"{"foo\nbar":1}"#, #"{"foo\"bar":1}"#, #"{"$ref":2}"#]),
            Judgement(
                #"{"patternProperties":{"^á":{}},"additionalProperties":false}"#, valid: [#"{"ármányos":2}"#],
                invalid: [#"{"élmény":2}"#]),
            Judgement(
                #"{"patternProperties":{"a*":{"type":"integer"},"aaa*":{"maximum":20}}}"#,
                valid: [#"{"a":21,"aaaa":18}"#], invalid: [#"{"aaaa":31}"#, #"{"a":"x"}"#]),
            Judgement(
                #"{"propertyNames":{"maxLength":3,"pattern":"^f"}}"#, valid: [#"{"f":1,"foo":2}"#, "{}", "[1]"],
                invalid: [#"{"foobar":1}"#, #"{"a":1}"#]),
            Judgement(#"{"propertyNames":false}"#, valid: ["{}"], invalid: [#"{"a":1}"#]),
            Judgement(
                #"{"dependentSchemas":{"a":{"properties":{"b":{"type":"integer"}}},"c":false}}"#,
                valid: [#"{"a":1,"b":2}"#, #"{"b":"x"}"#, "[\"c\"]"], invalid: [#"{"a":1,"b":"x"}"#, #"{"c":1}"#]),
            Judgement(
                #"{"dependencies":{"a":["b"],"c":{"required":["d"]}}}"#, valid: [#"{"a":1,"b":1}"#, #"{"c":1,"d":1}"#],
                invalid: [#"{"a":1}"#, #"{"c":1}"#]),
        ])
    func objects(judgement: Judgement) throws { try judgement.check() }

    @Test(
        "schemas for the value itself",
        arguments: [
            Judgement(#"{"allOf":[{"minimum":2},{"maximum":3}]}"#, valid: ["2", "3"], invalid: ["1", "4"]),
            Judgement(#"{"anyOf":[{"type":"integer"},{"minimum":2}]}"#, valid: ["1", "2.5"], invalid: ["1.5"]),
            Judgement(#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, valid: ["1", "2.5"], invalid: ["1.5", "3"]),
            Judgement(#"{"not":{"type":["integer","boolean"]}}"#, valid: ["\"a\""], invalid: ["1", "true"]),
            Judgement(#"{"not":{"not":{"const":1}}}"#, valid: ["1"], invalid: ["2"]),
            Judgement(
                #"{"if":{"exclusiveMaximum":0},"then":{"minimum":-10},"else":{"multipleOf":2}}"#,
                valid: ["-1", "4"], invalid: ["-100", "3"]),
            Judgement(#"{"then":{"const":0},"else":false}"#, valid: ["1"]),
            Judgement(
                #"{"if":true,"then":{"const":"then"},"else":{"const":"else"}}"#, valid: ["\"then\""],
                invalid: ["\"else\""]),
            Judgement(#"{"if":{"const":1}}"#, valid: ["1", "2"]),
        ])
    func combinations(judgement: Judgement) throws { try judgement.check() }
}
