private import Spelling

/// The keywords of JSON Schema that mean something here.
enum SchemaKeyword {
    /// How a keyword holds schemas.
    enum Shape {
        case none, schema, list, map
        /// A schema or a list of them.
        case schemaOrList
    }

    /// The vocabulary that brings it, and how it holds schemas.
    static let all: [String: (vocabulary: Vocabulary, shape: Shape)] = [
        "$schema": (.core, .none), "$id": (.core, .none), "$ref": (.core, .none), "$anchor": (.core, .none),
        "$dynamicRef": (.core, .none), "$dynamicAnchor": (.core, .none), "$comment": (.core, .none),
        "$vocabulary": (.core, .none), "$recursiveRef": (.core, .none), "$recursiveAnchor": (.core, .none),
        "$defs": (.core, .map), "definitions": (.core, .map),
        "allOf": (.applicator, .list), "anyOf": (.applicator, .list), "oneOf": (.applicator, .list),
        "not": (.applicator, .schema), "if": (.applicator, .schema), "then": (.applicator, .schema),
        "else": (.applicator, .schema), "dependentSchemas": (.applicator, .map), "dependencies": (.applicator, .map),
        "prefixItems": (.applicator, .list), "items": (.applicator, .schemaOrList),
        "additionalItems": (.applicator, .schema), "contains": (.applicator, .schema),
        "properties": (.applicator, .map), "patternProperties": (.applicator, .map),
        "additionalProperties": (.applicator, .schema), "propertyNames": (.applicator, .schema),
        "unevaluatedItems": (.unevaluated, .schema), "unevaluatedProperties": (.unevaluated, .schema),
        "type": (.validation, .none), "enum": (.validation, .none), "const": (.validation, .none),
        "multipleOf": (.validation, .none), "maximum": (.validation, .none), "exclusiveMaximum": (.validation, .none),
        "minimum": (.validation, .none), "exclusiveMinimum": (.validation, .none),
        "maxLength": (.validation, .none), "minLength": (.validation, .none), "pattern": (.validation, .none),
        "maxItems": (.validation, .none), "minItems": (.validation, .none), "uniqueItems": (.validation, .none),
        "maxContains": (.validation, .none), "minContains": (.validation, .none),
        "maxProperties": (.validation, .none), "minProperties": (.validation, .none),
        "required": (.validation, .none), "dependentRequired": (.validation, .none),
        "title": (.metaData, .none), "description": (.metaData, .none), "default": (.metaData, .none),
        "deprecated": (.metaData, .none), "readOnly": (.metaData, .none), "writeOnly": (.metaData, .none),
        "examples": (.metaData, .none),
        "format": (.formatAnnotation, .none),
        "contentEncoding": (.content, .none), "contentMediaType": (.content, .none),
        "contentSchema": (.content, .schema),
    ]

    /// The keyword that a name was probably meant to be.
    static func suggestion(for name: String) -> String? {
        guard all[name] == nil, name.utf8.count >= 3, let known = Suggestion.closest(to: name, among: all.keys) else {
            return nil
        }
        // A short word that is longer than the keyword is a word of its own: `note` is not `not`.
        return name.utf8.count >= 5 || known.utf8.count >= name.utf8.count ? known : nil
    }
}
