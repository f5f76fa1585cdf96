/// Bytes that a tenant has stored more, or less.
public struct StoredBytes: Sendable, Hashable {
    /// Inputs of runs, outputs of runs and of steps, as JSON text.
    public var payloads: Int64
    /// What steps have written, as UTF-8.
    public var logs: Int64

    public init(payloads: Int64 = 0, logs: Int64 = 0) {
        self.payloads = payloads
        self.logs = logs
    }

    public var isZero: Bool { payloads == 0 && logs == 0 }

    public static func += (sum: inout Self, other: Self) {
        sum.payloads += other.payloads
        sum.logs += other.logs
    }

    subscript(kind: QuotaKind) -> Int64 {
        switch kind {
        case .payloadBytes: payloads
        case .logBytes: logs
        case .submissionsPerSecond, .activeRuns, .pendingSteps, .concurrentSteps, .workers, .definitions: 0
        }
    }
}
