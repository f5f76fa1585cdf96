import Glibc
import JSON
import Schemas

/// Serves the documents that schemas name by URI out of a folder; never from the network.
struct SchemaFolder: SchemaResources {
    var path: String

    func document(at uri: String) throws(SchemaResourceError) -> ExactJSON? {
        for candidate in SchemaResourcePath.candidates(for: uri) {
            let file = "\(path)/\(candidate)"
            do {
                return try Self.read(file)
            } catch let failure as FileContents.Failure {
                // A folder of that name is no document: the name with `.json` may be one.
                if failure.isMissing || failure.number == EISDIR { continue }
                throw SchemaResourceError("\(failure)")
            } catch {
                throw SchemaResourceError("\(file): \(error)")
            }
        }
        return nil
    }

    static func read(_ path: String) throws -> ExactJSON {
        try ExactJSON(parsing: FileContents.read(path, limit: ExactJSON.limits.size))
    }
}
