import JSON
import Workflows

/// A definition as it lies on disk.
struct DefinitionFile {
    var name: String
    var contents: [UInt8]

    init(_ path: String) throws(CommandFailure) {
        name = path == "-" ? "standard input" : path
        do {
            contents = try FileContents.read(path)
        } catch {
            throw CommandFailure(.invalid, "error: \(error)")
        }
    }

    var isJSON: Bool { name.hasSuffix(".json") }
}

extension DefinitionFile {
    /// Everything that is wrong with it; `nil` when it can be applied.
    func problems() -> DefinitionError? {
        do {
            _ = try Manifest(parsing: contents, file: name)
            return nil
        } catch {
            return error
        }
    }

    static func json(_ name: String, _ error: DefinitionError?) -> JSONValue {
        let diagnostics = (error?.diagnostics ?? []).map { problem -> JSONValue in
            var members: [(String, JSONValue)] = [
                ("path", .string(problem.path)), ("line", .int(Int64(problem.line))),
                ("column", .int(Int64(problem.column))), ("length", .int(Int64(problem.length))),
                ("message", .string(problem.message)),
            ]
            if let hint = problem.hint { members.append(("hint", .string(hint))) }
            return .object(members)
        }
        return .object([
            ("file", .string(name)), ("valid", .bool(error == nil)), ("diagnostics", .array(diagnostics)),
        ])
    }
}
