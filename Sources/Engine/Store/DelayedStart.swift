public import Workflows

/// What paces the starts of runs, as a definition states it.
public struct Pacing: Hashable, Sendable {
    public var id: LimitID
    /// For people.
    public var name: String
    public var rule: PacingRule

    public init(tenant: TenantID, name: String, rule: PacingRule) {
        let level: LimitLevel =
            switch rule {
            case .throttle: .throttle
            case .debounce: .debounce
            }
        id = LimitID(tenant: tenant, level: level, name: name)
        self.name = name
        self.rule = rule
    }
}

/// The token of a run that is queued until its pacing lets it start. When that is, the transaction that writes it finds
/// out; it stays as `CommitBatch.admitted` says until the run has started.
public struct DelayedStart: Sendable {
    public var token: ReadyRow
    public var pacing: Pacing
    /// The run needs a slot of this limit when its time has come.
    public var limit: Limit?

    public init(token: ReadyRow, pacing: Pacing, limit: Limit? = nil) {
        self.token = token
        self.pacing = pacing
        self.limit = limit
    }
}

extension SupersededRun {
    /// Why a run is cancelled that was still waiting for quiet.
    public static let debounced = "a newer run of its debounce key has taken its place"
}
