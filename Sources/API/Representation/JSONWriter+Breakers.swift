import Engine
import JSON
import Workflows

extension JSONWriter {
    /// `Breaker`.
    mutating func breaker(_ record: BreakerRecord) {
        object { members in
            members.string("id", record.id.digest.uuidText)
            members.string("kind", record.kind.text)
            members.string("name", record.name)
            members.string("state", record.breaker.phase.text)
            members.time("since", record.breaker.changedAt)
            switch record.breaker.phase {
            case .closed: break
            case .open(let until): if let until { members.time("until", until) }
            case .halfOpen(let passed): members.integer("passed", passed)
            }
            members.integer("failures", record.rule.failures)
            if let ratio = record.rule.ratio { members.member("ratio") { $0.double(ratio) } }
            members.string("window", record.rule.window.shortText)
            members.string("open", record.rule.pause.shortText)
            members.integer("probes", record.rule.probes)
            members.integer("failed", record.breaker.window.failures)
            members.integer("succeeded", record.breaker.window.successes)
            members.integer("trips", record.breaker.trips)
        }
    }

    /// `WaitingBreaker`.
    mutating func breaker(_ breaker: BreakerEvidence) {
        object { members in
            members.string("kind", breaker.kind.text)
            members.string("name", breaker.name)
            members.string("state", breaker.phase.text)
            members.time("since", breaker.changedAt)
            if case .open(let until?) = breaker.phase { members.time("until", until) }
            members.integer("probes", breaker.probes)
            members.integer("ahead", breaker.ahead)
        }
    }
}

extension BreakerKind {
    var text: String {
        switch self {
        case .taskType: "task_type"
        case .target: "target"
        }
    }
}
