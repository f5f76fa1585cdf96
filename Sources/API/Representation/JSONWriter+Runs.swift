import Engine
import JSON
import Workflows

/// Runs, steps and attempts as openapi.yaml's schemas say.
extension JSONWriter {
    /// `RunSummary`.
    mutating func runSummary(_ run: RunSummary, output: [UInt8]? = nil) {
        object { members in
            members.string("id", run.key.run.description)
            members.string("workflow", run.workflow)
            members.integer("version", run.version)
            members.string("state", run.state.text)
            members.time("created_at", run.createdAt)
            members.time("ended_at", run.endedAt)
            members.payload("output", output)
            members.failure("error", run.failure)
        }
    }

    /// `Run`.
    mutating func run(_ view: RunView) {
        let detail = view.detail
        object { members in
            members.string("id", detail.summary.key.run.description)
            members.string("workflow", detail.summary.workflow)
            members.integer("version", detail.summary.version)
            members.string("state", detail.summary.state.text)
            members.integer("revision", detail.revision)
            members.time("created_at", detail.summary.createdAt)
            members.time("ended_at", detail.summary.endedAt)
            members.string("traceparent", detail.traceparent)
            members.string("rerun_of", detail.origin?.description)
            members.payload("input", detail.input)
            members.payload("output", detail.output)
            members.failure("error", detail.summary.failure)
            members.member("steps") { $0.array(view.steps) { $0.step($1) } }
        }
    }

    private mutating func step(_ step: RunView.Step) {
        object { members in
            members.string("id", step.id)
            members.integer("index", step.index)
            members.string("uses", step.uses)
            members.strings("needs", step.needs)
            members.string("state", step.state.text)
            members.integer("attempt", step.attempt)
            members.time("due_at", step.dueAt)
            members.payload("output", step.output)
            members.failure("error", step.failure)
            members.failure("reused", step.reused)
            members.member("attempts") { $0.array(step.attempts) { $0.attempt($1) } }
        }
    }

    private mutating func attempt(_ attempt: RunView.Attempt) {
        object { members in
            members.integer("attempt", attempt.attempt)
            members.string("state", attempt.state.rawValue)
            members.string("worker", attempt.worker)
            members.time("enqueued_at", attempt.enqueuedAt)
            members.time("leased_at", attempt.leasedAt)
            members.time("started_at", attempt.startedAt)
            members.time("ended_at", attempt.endedAt)
            members.failure("error", attempt.failure)
        }
    }

    /// `LogLine`.
    mutating func logLine(_ line: LogLine, step: String) {
        object { members in
            members.string("step", step)
            members.integer("attempt", line.attempt)
            members.integer("sequence", line.sequence)
            members.string("stream", line.stream.name)
            members.time("at", line.at)
            members.string("text", line.text)
        }
    }
}

extension JSONWriter.Members {
    /// `Failure`.
    mutating func failure(_ name: StaticString, _ failure: StepFailure?) {
        guard let failure else { return }
        member(name) { writer in
            writer.object { members in
                members.string("kind", failure.kind.text)
                members.string("code", failure.code.isEmpty ? nil : failure.code)
                members.string("message", failure.message)
                members.string("step", failure.step)
            }
        }
    }
}

extension LogLine.Stream {
    fileprivate var name: String {
        switch self {
        case .output: "output"
        case .error: "error"
        case .system: "system"
        }
    }
}
