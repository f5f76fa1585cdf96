import JSON

/// Inputs from the command line.
enum RunInputs {
    /// `name=value` pairs over an object from a file: a value that is JSON is taken as JSON, anything else as text.
    static func object(_ pairs: [String], file: String?) throws(CommandFailure) -> JSONValue {
        var members: [(String, JSONValue)] = []
        if let file {
            let value: JSONValue
            do {
                value = try JSONValue(parsing: FileContents.read(file))
            } catch {
                throw CommandFailure(.invalid, "error: \(file): \(error)")
            }
            guard case .object(let object) = value else {
                throw CommandFailure(.invalid, "error: \(file): the inputs are one JSON object")
            }
            members = object.map { ($0.key, $0.value) }
        }
        for pair in pairs {
            guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
                throw CommandFailure(.invalid, "error: -i \(pair): write it as name=value")
            }
            let name = String(pair[..<equals])
            let text = String(pair[pair.index(after: equals)...])
            let value = (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
            members.removeAll { $0.0 == name }
            members.append((name, value))
        }
        return .object(members)
    }

    /// A key that no other call has.
    static func freshKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return "cli-\(String(generator.next() as UInt64, radix: 36))\(String(generator.next() as UInt64, radix: 36))"
    }
}
