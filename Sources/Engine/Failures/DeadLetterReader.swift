public import Filters
public import Workflows

/// Dead letters for people: like `RunReader` a port on connections of its own, without a twin.
public protocol DeadLetterReader: Sendable {
    /// Newest first.
    func deadLetters(
        passing filter: [FilterPredicate], before position: DeadLetterPosition?, limit: Int, tenant: TenantID
    ) async throws(StoreError) -> DeadLetterPage

    /// With every attempt of the step, as far as the run's history still has them.
    func deadLetter(
        _ id: DeadLetterID, tenant: TenantID
    ) async throws(StoreError) -> (letter: DeadLetter, attempts: [TransitionRow])?
}

extension DeadLetter {
    /// What a filter of dead letters can look at.
    public enum Property: String, Hashable, Sendable, CaseIterable {
        /// `open`, or `redriven`.
        case state
        case workflow, version, run
        /// The step's name.
        case step
        /// The code of the failure, such as `exit_1`.
        case error
        /// The kind of the failure, such as `timeout`.
        case kind
        case worker
        /// When the step failed.
        case failed
        /// The number of the attempt that failed.
        case attempt
        /// How often the run had been redriven before.
        case replays
    }

    /// The keys of a filter of dead letters. A search looks into the workflow's name, the step, and the failure's code and
    /// message.
    public static let filterKeys: [FilterKey] = [
        FilterKey("state", .word(["open", "redriven"]), property: Property.state.rawValue),
        FilterKey("workflow", .text, property: Property.workflow.rawValue),
        FilterKey("version", .number, property: Property.version.rawValue),
        FilterKey("run", .text, property: Property.run.rawValue),
        FilterKey("step", .text, property: Property.step.rawValue),
        FilterKey("error", .text, property: Property.error.rawValue),
        FilterKey("kind", .word(StepFailure.Kind.allCases.map(\.text)), property: Property.kind.rawValue),
        FilterKey("worker", .text, property: Property.worker.rawValue),
        FilterKey("failed", .time, property: Property.failed.rawValue),
        FilterKey("since", .time, property: Property.failed.rawValue, implied: .atLeast),
        FilterKey("until", .time, property: Property.failed.rawValue, implied: .less),
        FilterKey("attempt", .number, property: Property.attempt.rawValue),
        FilterKey("replays", .number, property: Property.replays.rawValue),
    ]
}
