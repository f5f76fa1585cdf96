public import JSON

extension TypedValue {
    /// Reads a value: an object with one member, whose name tells the type.
    public static func value(_ json: JSONValue) throws(TypedValueError) -> Value {
        guard case .object(let object) = json, object.count == 1, let member = object.first else {
            throw TypedValueError(
                message: "a typed value is an object with one member, as in {\"int64Value\": \"1\"}, not "
                    + shown(json))
        }
        // The JSON mapping of Protocol Buffers takes the names of the definition too, as in int64_value.
        let (kind, content) = (lowerCamelCase(member.key), member.value)
        switch kind {
        case "nullValue": return .null
        case "boolValue": return .bool(try need(content.boolValue, kind, content))
        case "int64Value": return .int(try need(integer(content), kind, content))
        case "uint64Value": return .uint(try need(unsigned(content), kind, content))
        case "doubleValue": return .double(try need(double(content), kind, content))
        case "stringValue": return .string(try need(content.stringValue, kind, content))
        case "bytesValue": return .bytes(try need(bytes(content), kind, content))
        case "enumValue": return .int(try need(integer(content["value"] ?? 0), kind, content))
        case "typeValue": return .type(try need(type(content), kind, content))
        case "listValue":
            var values: [Value] = []
            for element in content["values"]?.arrayValue ?? [] { values.append(try value(element)) }
            return .list(ListValue(values))
        case "mapValue": return try map(content)
        case "optionalValue": return .optional(OptionalValue(try content["value"].map(value)))
        case "objectValue": return try message(content)
        default:
            throw TypedValueError(message: "there is no type \"\(kind)\"; write int64Value, stringValue and so on")
        }
    }

    private static func need<Content>(
        _ content: Content?, _ kind: String, _ json: JSONValue
    ) throws(TypedValueError) -> Content {
        guard let content else { throw TypedValueError(message: "\(kind) cannot be \(shown(json))") }
        return content
    }

    private static func shown(_ json: JSONValue) -> String {
        let text = json.text()
        return text.utf8.count <= 60 ? text : json.typeName
    }

    private static func integer(_ json: JSONValue) -> Int64? {
        switch json {
        case .int(let number): number
        case .double(let number): Int64(exactly: number)
        case .string(let text): Int64(text)
        case .null, .bool, .array, .object: nil
        }
    }

    private static func unsigned(_ json: JSONValue) -> UInt64? {
        switch json {
        case .int(let number): UInt64(exactly: number)
        case .double(let number): UInt64(exactly: number)
        case .string(let text): UInt64(text)
        case .null, .bool, .array, .object: nil
        }
    }

    private static func double(_ json: JSONValue) -> Double? {
        switch json {
        case .int(let number): Double(number)
        case .double(let number): number
        case .string("NaN"): Double.nan
        case .string("Infinity"): Double.infinity
        case .string("-Infinity"): -Double.infinity
        case .string(let text): Double(text)
        case .null, .bool, .array, .object: nil
        }
    }

    /// Base64 in either alphabet (RFC 4648, sections 4 and 5).
    private static func bytes(_ json: JSONValue) -> [UInt8]? {
        json.stringValue.flatMap { text in
            let standard = text.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "-"): UInt8(ascii: "+")
                case UInt8(ascii: "_"): UInt8(ascii: "/")
                default: byte
                }
            }
            return Base64.decode(String(decoding: standard, as: UTF8.self))
        }
    }

    private static func lowerCamelCase(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private static func type(_ json: JSONValue) -> ValueType? { json.stringValue.flatMap(ValueType.init) }

    private static func map(_ json: JSONValue) throws(TypedValueError) -> Value {
        var map = MapValue()
        for entry in json["entries"]?.arrayValue ?? [] {
            guard let key = entry["key"], let content = entry["value"] else {
                throw TypedValueError(message: "an entry of a map has \"key\" and \"value\"")
            }
            guard map.insert(try value(key), try value(content)) else {
                throw TypedValueError(
                    message: "a key of a map stands twice, or is no int, uint, bool or string: \(shown(key))")
            }
        }
        return .map(map)
    }

    /// A message of Protocol Buffers that stands for a plain value.
    private static func message(_ json: JSONValue) throws(TypedValueError) -> Value {
        let name = json["@type"]?.stringValue.map { String($0.split(separator: "/").last ?? "") } ?? ""
        let content = json["value"] ?? .null
        switch WellKnownMessage(rawValue: name) {
        case .bool: return .bool(try need(content.boolValue, name, content))
        case .bytes: return .bytes(try need(bytes(content), name, content))
        case .double: return .double(try need(double(content), name, content))
        case .float: return .double(Double(Float(try need(double(content), name, content))))
        case .int32, .int64: return .int(try need(integer(content), name, content))
        case .uint32, .uint64: return .uint(try need(unsigned(content), name, content))
        case .string: return .string(try need(content.stringValue, name, content))
        case .timestamp:
            return .timestamp(try need(content.stringValue.flatMap { TimestampText.parse($0) }, name, content))
        case .duration:
            return .duration(try need(content.stringValue.flatMap { DurationText.parse($0) }, name, content))
        case .value, .structure, .list: return plain(content)
        case nil:
            throw TypedValueError(
                message: "there are no messages of Protocol Buffers here, such as \(shown(json)); "
                    + "those that stand for plain values are taken")
        }
    }

    /// As `google.protobuf.Value` has it: every number is a double.
    private static func plain(_ json: JSONValue) -> Value {
        switch json {
        case .int(let number): return .double(Double(number))
        case .array(let elements): return .list(ListValue(elements.map(plain)))
        case .object(let object):
            var map = MapValue()
            // Keys of an object stand once.
            for member in object { _ = map.insert(.string(member.key), plain(member.value)) }
            return .map(map)
        case .null, .bool, .double, .string: return Value(json)
        }
    }
}
