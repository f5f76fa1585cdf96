import ArgumentParser
import Server
import Workflows

/// How long dead letters are kept.
struct DeadLetterRetentionOptions: ParsableArguments {
    @Option(help: "Delete dead letters older than this, such as 90d. [BEAMLINE_DEAD_LETTER_AGE]")
    var deadLetterAge: String?

    @Option(help: "Keep so many dead letters of a tenant, the newest. [BEAMLINE_DEAD_LETTER_COUNT]")
    var deadLetterCount: String?

    @Option(
        help: "Folder to which deleted dead letters are written first, as JSON lines. [BEAMLINE_DEAD_LETTER_EXPORT]",
        completion: .directory)
    var deadLetterExport: String?

    func options() throws -> DeadLetterOptions {
        var options = DeadLetterOptions()
        if let text = deadLetterAge ?? ClientContext.environment("BEAMLINE_DEAD_LETTER_AGE") {
            guard let age = try? Duration(parsing: text), age > .zero else {
                throw CommandFailure(.invalid, "error: --dead-letter-age \(text) is no duration; write it as 90d")
            }
            options.age = age
        }
        if let text = deadLetterCount ?? ClientContext.environment("BEAMLINE_DEAD_LETTER_COUNT") {
            guard let count = Int(text), count >= 0 else {
                throw CommandFailure(.invalid, "error: --dead-letter-count \(text) is no number of letters")
            }
            options.count = count
        }
        options.exportFolder = deadLetterExport ?? ClientContext.environment("BEAMLINE_DEAD_LETTER_EXPORT")
        return options
    }
}
