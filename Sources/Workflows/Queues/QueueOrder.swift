/// How a queue turns what is known of a step into one number, its rank: the lowest is handed out first.
///
/// No rank depends on the time of looking. Where waiting counts, all steps age alike, so that their order never changes
/// while they wait, and one index serves every discipline.
public struct QueueOrder: Hashable, Sendable {
    public var discipline: QueueDiscipline
    /// How long a step must have waited to stand level with a fresh one of a priority higher by one. A step of priority
    /// `p` is therefore overtaken only by steps of priority `q` that come within `(q - p) × boost` after it.
    public var boost: Duration

    public static let defaultBoost: Duration = .seconds(60)
    /// What a run without a deadline is taken to have, counted from its creation: it is late one day, and so never
    /// starves behind runs that have one.
    public static let defaultDeadline: Duration = .seconds(86_400)

    public init(_ discipline: QueueDiscipline = .fifo, boost: Duration = QueueOrder.defaultBoost) {
        self.discipline = discipline
        self.boost = boost
    }

    /// The rank of a step.
    ///
    /// - Returns: microseconds; lower goes first.
    public func rank(of standing: Standing) -> Int64 {
        let time = standing.createdAt.microseconds
        switch discipline {
        case .fifo: return time
        // The most negative number has no opposite.
        case .lifo: return -max(time, -.max)
        case .deadline: return (standing.deadline ?? standing.createdAt + Self.defaultDeadline).microseconds
        case .priority:
            let (lead, overflow) = Int64(standing.priority).multipliedReportingOverflow(by: boost.wholeMicroseconds)
            guard !overflow else { return standing.priority > 0 ? .min : .max }
            let (rank, beyond) = time.subtractingReportingOverflow(lead)
            guard beyond else { return rank }
            return lead > 0 ? .min : .max
        }
    }
}

/// What a step is ranked by; all of it is its run's, except where the step has a priority of its own.
public struct Standing: Hashable, Sendable {
    public var createdAt: Timestamp
    public var priority: Int32
    /// When the run should be done; ends nothing by itself.
    public var deadline: Timestamp?

    /// Priorities that definitions and requests may name; 0 is usual.
    public static let priorities: ClosedRange<Int32> = -1000...1000

    public init(createdAt: Timestamp, priority: Int32 = 0, deadline: Timestamp? = nil) {
        self.createdAt = createdAt
        self.priority = priority
        self.deadline = deadline
    }
}
