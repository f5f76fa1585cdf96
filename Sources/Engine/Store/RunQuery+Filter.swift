public import Filters
import Workflows

extension RunQuery {
    /// What a filter of runs can look at.
    public enum Property: String, Hashable, Sendable, CaseIterable {
        case state
        /// The workflow's name.
        case workflow
        /// The workflow's version.
        case version
        /// A label of the run, or else of its definition.
        case label
        /// When the run was started.
        case created
        case ended
        /// From its start to its end, or to now.
        case duration
        /// The code of the failure, such as `exit_1`.
        case error
    }

    /// The keys of a filter of runs. A search looks into the workflow's name and the failure's code, message and step.
    public static let filterKeys: [FilterKey] = [
        FilterKey("state", .word(RunLifecycle.allCases.map(\.text)), property: Property.state.rawValue),
        FilterKey("workflow", .text, property: Property.workflow.rawValue),
        FilterKey("version", .number, property: Property.version.rawValue),
        FilterKey("label", .text, property: Property.label.rawValue, takesName: true),
        FilterKey("created", .time, property: Property.created.rawValue),
        FilterKey("since", .time, property: Property.created.rawValue, implied: .atLeast),
        FilterKey("until", .time, property: Property.created.rawValue, implied: .less),
        FilterKey("ended", .time, property: Property.ended.rawValue),
        FilterKey("duration", .duration, property: Property.duration.rawValue),
        FilterKey("error", .text, property: Property.error.rawValue),
    ]
}
