private import JSON

/// Checks lines of `{"id": …, "schema": …, "instance": …}`, each on its own, and answers each with one line:
/// `{"id": …, "valid": …, "errors": […]}`. A schema that was seen before, byte for byte, is not compiled again.
public struct SchemaLines {
    private let resources: any SchemaResources
    private let options: SchemaOptions
    private var compiled: [[UInt8]: Result<Schema, SchemaError>] = [:]
    private var compiledBytes = 0
    /// Schemas that were compiled, not found.
    public private(set) var compilations = 0
    private var number = 0

    /// The cache is emptied when it holds more: it serves inputs that repeat a few schemas.
    private static let mostSchemas = 1000
    private static let mostBytes = 32 << 20

    public init(resources: any SchemaResources, options: SchemaOptions) {
        self.resources = resources
        self.options = options
    }

    /// The answer to a line, without a newline; `nil` for an empty line.
    public mutating func answer(_ line: [UInt8]) -> [UInt8]? {
        number += 1
        guard line.contains(where: { $0 > 0x20 }) else { return nil }
        let members: [(key: String, range: Range<Int>, value: ExactJSON)]
        do {
            members = try ExactJSON.members(parsing: line)
        } catch {
            return Self.line(
                id: .null, SchemaReport(failure: .init(code: "unreadable_line", message: "line \(number): \(error)")))
        }
        func member(_ key: String) -> (key: String, range: Range<Int>, value: ExactJSON)? {
            members.first { $0.key == key }
        }
        let id = member("id")?.value ?? .null
        guard let schema = member("schema"), let instance = member("instance") else {
            let missing = member("schema") == nil ? "schema" : "instance"
            return Self.line(
                id: id,
                SchemaReport(
                    failure: .init(code: "incomplete_line", message: "line \(number): there is no \"\(missing)\"")))
        }
        switch compile(Array(line[schema.range]), schema.value) {
        case .success(let schema): return Self.line(id: id, SchemaReport(schema, instance.value))
        case .failure(let error): return Self.line(id: id, SchemaReport(error))
        }
    }

    /// The answer to a line that is longer than is taken.
    public mutating func answerToOverlong(limit: Int) -> [UInt8] {
        number += 1
        let message = "line \(number) has more than \(limit) bytes"
        return Self.line(id: .null, SchemaReport(failure: .init(code: "unreadable_line", message: message)))
    }

    private mutating func compile(_ text: [UInt8], _ value: ExactJSON) -> Result<Schema, SchemaError> {
        if let known = compiled[text] { return known }
        compilations += 1
        let result: Result<Schema, SchemaError>
        do {
            result = .success(try Schema(value, resources: resources, options: options))
        } catch {
            result = .failure(error)
        }
        if compiled.count >= Self.mostSchemas || compiledBytes + text.count > Self.mostBytes {
            compiled = [:]
            compiledBytes = 0
        }
        compiled[text] = result
        compiledBytes += text.count
        return result
    }

    private static func line(id: ExactJSON, _ report: SchemaReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"id\":")
        writer.raw(Array(id.text.utf8))
        for (key, value) in report.members {
            writer.raw(",")
            writer.key(key)
            writer.value(value)
        }
        writer.raw("}")
        return writer.bytes
    }
}
