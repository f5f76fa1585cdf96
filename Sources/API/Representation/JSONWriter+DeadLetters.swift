public import Engine
import JSON
import Workflows

extension JSONWriter {
    /// `DeadLetter`.
    mutating func deadLetter(_ letter: DeadLetter, attempts: [TransitionRow]? = nil) {
        let row = letter.row
        object { members in
            members.string("id", letter.id.description)
            members.string("state", letter.redrivenAt == nil ? "open" : "redriven")
            members.string("run", row.key.run.description)
            members.string("workflow", letter.workflow)
            members.integer("version", letter.version)
            members.string("step", row.name)
            members.integer("attempt", row.attempt)
            members.integer("replays", row.generation)
            members.time("failed_at", letter.at)
            members.failure("error", row.failure)
            members.payload("input", row.input)
            members.string("worker", row.timing.worker)
            members.time("enqueued_at", row.timing.enqueuedAt)
            members.time("leased_at", row.timing.leasedAt)
            members.time("started_at", row.timing.startedAt)
            members.time("redriven_at", letter.redrivenAt)
            members.string("redriven_by", letter.redrivenBy)
            if let attempts { members.member("attempts") { $0.array(attempts) { $0.attempt($1) } } }
        }
    }

    private mutating func attempt(_ row: TransitionRow) {
        object { members in
            members.integer("attempt", row.transition.attempt)
            members.string("state", RunView.Attempt.State(row.transition).rawValue)
            members.string("worker", row.worker)
            members.time("enqueued_at", row.enqueuedAt)
            members.time("leased_at", row.leasedAt)
            members.time("started_at", row.startedAt)
            members.time("ended_at", row.transition.at)
            members.failure("error", row.transition.failure)
        }
    }
}

extension DeadLetter {
    /// The letter as JSON text of one line, as the API shows it, without the attempts.
    public var jsonText: [UInt8] {
        var writer = JSONWriter(largeIntegers: .string)
        writer.deadLetter(self)
        return writer.bytes
    }
}
