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
