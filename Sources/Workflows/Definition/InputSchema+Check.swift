public import JSON

/// What is wrong with the input of a run: every problem at once.
public struct InputError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Problem: Hashable, Sendable {
        /// The property; empty when the whole input is meant.
        public var property: String
        public var message: String
    }

    public var problems: [Problem]

    public var description: String { problems.map(\.message).joined(separator: "; ") }
}

extension Plan {
    /// The run's input as it is stored: checked, with defaults filled in. Text that needs no change comes back as it is.
    public func checkInput(_ text: [UInt8]) throws(InputError) -> [UInt8] {
        guard let inputs else { return try checkObject(text) }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch {
            throw InputError(problems: [.init(property: "", message: "the input is no JSON: \(error)")])
        }
        let filled = try inputs.check(value)
        return filled.count == value.objectValue?.count ? text : JSONValue.object(filled).bytes()
    }

    /// No tree is built for an input that nobody checks.
    private func checkObject(_ text: [UInt8]) throws(InputError) -> [UInt8] {
        do {
            let bytes = try JSONText(validating: text).bytes
            if bytes.first(where: { $0 > UInt8(ascii: " ") }) == UInt8(ascii: "{") { return bytes }
        } catch {
            throw InputError(problems: [.init(property: "", message: "the input is no JSON: \(error)")])
        }
        throw InputError(problems: [.init(property: "", message: "the input is not an object")])
    }
}

extension InputSchema {
    static func notAnObject(_ value: JSONValue) -> InputError {
        InputError(problems: [.init(property: "", message: "the input is \(value.typeName), not an object")])
    }

    /// Checks an input and fills in its defaults.
    public func check(_ input: JSONValue) throws(InputError) -> JSONObject {
        guard case .object(var object) = input else { throw Self.notAnObject(input) }
        var problems: [InputError.Problem] = []
        for property in properties {
            guard let value = object[property.name] else {
                if let value = property.defaultValue {
                    object[property.name] = value
                } else if required.contains(property.name) {
                    problems.append(
                        .init(property: property.name, message: "the input \"\(property.name)\" is missing"))
                }
                continue
            }
            if let message = property.problem(with: value) {
                problems.append(
                    .init(property: property.name, message: "the input \"\(property.name)\" \(message)"))
            }
        }
        if !allowsOthers {
            let known = Set(properties.map(\.name))
            for key in object.keys where !known.contains(key) {
                let hint = Suggestion.closest(to: key, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
                problems.append(.init(property: key, message: "there is no input \"\(key)\"\(hint)"))
            }
        }
        guard problems.isEmpty else { throw InputError(problems: problems) }
        return object
    }
}

extension InputSchema.Property {
    /// What is wrong with a value, to be read after the property's name.
    func problem(with value: JSONValue) -> String? {
        if !types.isEmpty, !types.contains(where: { $0.takes(value) }) {
            let wanted = types.map(\.rawValue).joined(separator: " or ")
            return "must be \(wanted), not \(value.typeName)"
        }
        if let allowed, !allowed.contains(value) {
            return "must be one of \(allowed.map { $0.text() }.joined(separator: ", "))"
        }
        return nil
    }
}

extension InputSchema.ValueType {
    func takes(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.integer, .int), (.number, .int), (.number, .double), (.boolean, .bool),
            (.array, .array), (.object, .object), (.null, .null):
            true
        // JSON Schema takes 1.0 for an integer.
        case (.integer, .double(let number)): number == number.rounded()
        case (.string, _), (.integer, _), (.number, _), (.boolean, _), (.array, _), (.object, _), (.null, _): false
        }
    }
}

extension InputSchema {
    /// Checks the text of an object and fills in its defaults.
    func checkText(_ text: [UInt8]) throws(InputError) -> [UInt8] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch {
            throw InputError(problems: [.init(property: "", message: "it is no JSON: \(error)")])
        }
        return JSONValue.object(try check(value)).bytes()
    }
}
