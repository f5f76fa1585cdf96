internal import Engine
internal import Filters
internal import Workflows

/// A filter of runs as the parameters of a statement, and what of it an index can answer.
struct RunFilterTerms {
    /// What a term is about, as a statement knows it.
    enum Subject: Int16 {
        /// A property that runs do not have: nothing fits.
        case unknown, workflow, version, label, created, ended, duration, error, search
    }

    /// The states that the filter leaves.
    private(set) var states: Set<RunLifecycle>
    /// No run before this passes, and none from the other on.
    private(set) var from: RunID?
    private(set) var before: RunID?

    private(set) var terms = FilterTerms()

    /// A run's id is made by a server's clock and its time of creation is the database's; both may differ by this much.
    private static let clockDifference: Int64 = 300_000_000

    init(_ predicates: [FilterPredicate], states: [RunLifecycle] = []) {
        self.states = Set(states.isEmpty ? RunLifecycle.allCases : states)
        for predicate in predicates {
            switch predicate.subject {
            case .search: add(.search, nil, predicate)
            case .property(let property, let name):
                switch RunQuery.Property(rawValue: property) {
                case .state: self.states = self.states.filter { predicate.accepts(StateRecord(state: $0)) }
                case .workflow: add(.workflow, nil, predicate)
                case .version: add(.version, nil, predicate)
                case .label: add(.label, name, predicate)
                case .created:
                    narrow(predicate)
                    add(.created, nil, predicate)
                case .ended: add(.ended, nil, predicate)
                case .duration: add(.duration, nil, predicate)
                case .error: add(.error, nil, predicate)
                case nil: add(.unknown, name, predicate)
                }
            }
        }
    }

    private mutating func add(_ subject: Subject, _ name: String?, _ predicate: FilterPredicate) {
        terms.append(predicate, as: subject.rawValue, name: name)
    }

    /// Run ids begin with the time.
    private mutating func narrow(_ predicate: FilterPredicate) {
        guard !predicate.isNegated else { return }
        let starts = predicate.intervals.map { $0.from ?? .min }
        let ends = predicate.intervals.map { $0.to ?? .max }
        if let start = starts.min(), start > .min + Self.clockDifference {
            let first = Self.first(at: start - Self.clockDifference)
            from = max(from ?? first, first)
        }
        if let end = ends.max(), end < .max - Self.clockDifference {
            let first = Self.first(at: end + Self.clockDifference)
            before = min(before ?? first, first)
        }
    }

    private static func first(at microseconds: Int64) -> RunID {
        // Beyond what 48 bits of milliseconds hold there are no runs.
        let latest = Int64(0xFFFF_FFFF_FFFF) * 1000
        return RunID(at: Timestamp(microseconds: min(max(0, microseconds), latest)), random: .init(high: 0, low: 0))
    }
}

/// A run of which only the state counts.
private struct StateRecord: FilterRecord {
    var state: RunLifecycle

    func values(of property: String, name: String?) -> [FilterRecordValue] { [.text(state.text)] }
    var searchedTexts: [String] { [] }
}
