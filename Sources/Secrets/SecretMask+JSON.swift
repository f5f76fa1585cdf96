internal import JSON

extension SecretMask {
    /// JSON text without secrets, and still JSON: what has a secret in it is masked as a string, a number too.
    public func masked(json text: [UInt8]) -> [UInt8] {
        guard masked(text) != text else { return text }
        guard let value = try? JSONValue(parsing: text) else { return JSONValue.string(Self.replacement).bytes() }
        return masked(value).bytes()
    }

    private func masked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null: return value
        case .string(let text): return .string(masked(text))
        case .bool, .int, .double:
            let text = value.text()
            let clean = masked(text)
            return clean == text ? value : .string(clean)
        case .array(let elements): return .array(elements.map { masked($0) })
        case .object(let object):
            var clean = JSONObject()
            for member in object { clean[masked(member.key)] = masked(member.value) }
            return .object(clean)
        }
    }
}
