import API
import Engine
import Glibc
import Logging
import PostgresStore
import Workflows

/// Where dead letters go when their time is over, and when that is.
public struct DeadLetterOptions: Sendable {
    /// Older ones go; `nil`: however old.
    public var age: Duration?
    /// Of each tenant, the newest so many stay; `nil`: however many.
    public var count: Int?
    /// Letters are appended to `dead-letters-YYYY-MM-DD.jsonl` here, one JSON object a line, before they are deleted.
    public var exportFolder: String?

    public init() {}

    var retention: DeadLetterRetention { DeadLetterRetention(age: age, count: count) }
}

/// Deletes old dead letters in bounded batches, after they were written to a file.
struct DeadLetterRotation: Sendable {
    let store: PostgresStore
    let options: DeadLetterOptions
    let logger: Logger

    private static let batch = 1000

    func run() async throws {
        while true {
            var count = 0
            do throws(StoreError) {
                repeat { count = try await rotate() } while count == Self.batch
            } catch {
                logger.error("old dead letters stay", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .seconds(600))
        }
    }

    func rotate() async throws(StoreError) -> Int {
        let folder = options.exportFolder
        return try await store.rotateDeadLetters(options.retention, limit: Self.batch) { letters in
            guard let folder else { return }
            try Self.append(letters, to: folder)
        }
    }

    /// On disk when it returns. A file has the letters of one day, by when the first of a batch failed.
    static func append(_ letters: [DeadLetter], to folder: String) throws(DurableFile.Failure) {
        guard let first = letters.first else { return }
        guard unsafe mkdir(folder, 0o750) == 0 || errno == EEXIST else { throw DurableFile.Failure.system(folder) }
        try DurableFile.append(
            letters.flatMap { $0.jsonText + [UInt8(ascii: "\n")] },
            to: "\(folder)/dead-letters-\(first.at.rfc3339.prefix(10)).jsonl")
    }
}
