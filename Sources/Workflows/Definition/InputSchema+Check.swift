public import JSON
private import Schemas

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
    /// Checks an input and fills in its defaults.
    public func check(_ input: JSONValue) throws(InputError) -> JSONObject {
        guard case .object(var object) = input else {
            throw InputError(problems: [.init(property: "", message: "the input is \(input.typeName), not an object")])
        }
        for property in properties where object[property.name] == nil { object[property.name] = property.defaultValue }
        let value = ExactJSON(.object(object))
        let violations: [SchemaViolation]
        do {
            violations = try schema.violations(in: value)
        } catch {
            throw InputError(problems: [.init(property: "", message: "the input cannot be checked: \(error)")])
        }
        guard violations.isEmpty else {
            throw InputError(problems: violations.flatMap { problems($0, of: object) })
        }
        return object
    }

    /// What is wrong with a value as the default of a property, to be read after the property's name.
    func problem(withDefault value: JSONValue, of name: String) -> String? {
        let pointer = SchemaViolation.pointer(to: name)
        do {
            return try schema.violations(in: ExactJSON(.object([(name, value)])))
                .first { $0.instance == pointer || $0.instance.hasPrefix("\(pointer)/") }
                .map { violation in
                    let place = violation.instance.dropFirst(pointer.count)
                    return place.isEmpty ? violation.message : "at \(place) \(violation.message)"
                }
        } catch {
            return "cannot be checked: \(error)"
        }
    }

    private func problems(_ violation: SchemaViolation, of input: JSONObject) -> [InputError.Problem] {
        let path = violation.instancePath
        guard let property = path.first else {
            if violation.keyword == "#/required", let names = document["required"]?.arrayValue {
                return names.compactMap(\.stringValue).filter { input[$0] == nil }.map {
                    .init(property: $0, message: "the input \"\($0)\" is missing")
                }
            }
            return [.init(property: "", message: "the input \(violation.message)")]
        }
        if path.count == 1, ["#/additionalProperties", "#/unevaluatedProperties"].contains(violation.keyword) {
            let hint =
                Suggestion.closest(to: property, among: properties.map(\.name)).map { "; did you mean \"\($0)\"?" }
                ?? ""
            return [.init(property: property, message: "there is no input \"\(property)\"\(hint)")]
        }
        let place = violation.instance.dropFirst(SchemaViolation.pointer(to: property).count)
        let within = place.isEmpty ? "" : " at \(place)"
        return [.init(property: property, message: "the input \"\(property)\"\(within) \(violation.message)")]
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
