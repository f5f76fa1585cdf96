import JSON
import Workflows

/// The evaluated `with` of a step, read strictly: a wrong type or an unknown field is an error that names the place.
struct TaskInput {
    let object: JSONObject

    init(_ bytes: [UInt8], fields: Set<String>) throws(TaskFailure) {
        let value: JSONValue
        do {
            value = bytes.isEmpty ? .object([]) : try JSONValue(parsing: bytes)
        } catch {
            throw .invalid("with: \(error)")
        }
        guard let object = value.objectValue else { throw .invalid("with: must be an object, not \(value.typeName)") }
        for key in object.keys where !fields.contains(key) {
            throw .invalid("with.\(key): unknown field; known are \(fields.sorted().joined(separator: ", "))")
        }
        self.object = object
    }

    subscript(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    func string(_ key: String) throws(TaskFailure) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.stringValue else { throw mismatch(key, "a string", value) }
        return text
    }

    func requiredString(_ key: String) throws(TaskFailure) -> String {
        guard let text = try string(key) else { throw .invalid("with.\(key): is missing") }
        return text
    }

    func integer(_ key: String) throws(TaskFailure) -> Int64? {
        guard let value = self[key] else { return nil }
        guard let number = value.intValue else { throw mismatch(key, "an integer", value) }
        return number
    }

    func bool(_ key: String) throws(TaskFailure) -> Bool? {
        guard let value = self[key] else { return nil }
        guard let flag = value.boolValue else { throw mismatch(key, "true or false", value) }
        return flag
    }

    /// `30s`, `1m30s`, or a number of seconds.
    func duration(_ key: String) throws(TaskFailure) -> Duration? {
        guard let value = self[key] else { return nil }
        if let seconds = value.doubleValue {
            guard seconds > 0, seconds < 3e9 else { throw .invalid("with.\(key): must be above 0 seconds") }
            return .microseconds(Int64(seconds * 1_000_000))
        }
        guard let text = value.stringValue else { throw mismatch(key, "a duration such as 30s", value) }
        do {
            return try Duration(parsing: text)
        } catch {
            throw .invalid("with.\(key): \(error)")
        }
    }

    /// Strings; numbers and booleans in it become their text.
    func strings(_ key: String) throws(TaskFailure) -> [String]? {
        guard let value = self[key] else { return nil }
        guard let elements = value.arrayValue else { throw mismatch(key, "a list of strings", value) }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            texts.append(try Self.text(element, "\(key)[\(index)]"))
        }
        return texts
    }

    func stringMap(_ key: String) throws(TaskFailure) -> [String: String] {
        guard let value = self[key] else { return [:] }
        guard let object = value.objectValue else { throw mismatch(key, "a map of strings", value) }
        var texts: [String: String] = [:]
        for name in object.keys {
            guard !name.isEmpty, !name.contains("="), !name.utf8.contains(0) else {
                throw .invalid("with.\(key): \"\(name)\" is no name")
            }
            texts[name] = try Self.text(object[name] ?? .null, "\(key).\(name)")
        }
        return texts
    }

    /// What a program gets for a value: strings as they are, scalars as JSON writes them, the rest as JSON text.
    private static func text(_ value: JSONValue, _ place: String) throws(TaskFailure) -> String {
        switch value {
        case .null: throw .invalid("with.\(place): is null")
        case .string(let text):
            guard !text.utf8.contains(0) else { throw .invalid("with.\(place): holds a NUL character") }
            return text
        case .bool, .int, .double, .array, .object: return value.text()
        }
    }

    private func mismatch(_ key: String, _ wanted: String, _ value: JSONValue) -> TaskFailure {
        .invalid("with.\(key): must be \(wanted), not \(value.typeName)")
    }
}
