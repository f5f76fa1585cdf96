package import Postgres

/// The statements of the engine's hot path, for the test that looks at their plans.
package enum HotStatements {
    package static let all: [(name: String, statement: PostgresStatement)] = [
        ("commit: every part", CommitStatement.statement(.all)),
        ("commit: starts", CommitStatement.statement([.starts, .keys, .ready, .leases])),
        ("commit: contested starts", CommitStatement.statement([.starts, .ready, .contested])),
        ("commit: ends", CommitStatement.statement([.advances, .endings, .finishes, .transitions])),
        ("commit: steps", CommitStatement.statement([.advances, .finishes, .transitions, .ready, .leases, .timers])),
        ("claim", ClaimStatement.claim),
        ("lock queue", ClaimStatement.lockQueue),
        ("claim from a guarded queue", ClaimStatement.guarded),
        ("use units of a quota", QuotaStatement.use),
        ("settle counted runs", QuotaStatement.settle),
        ("ready buckets", ClaimStatement.buckets),
        ("reserve under rates", RateStatement.reserve),
        ("lock throttles", PacingStatement.lockThrottles),
        ("write throttles", PacingStatement.writeThrottles),
        ("lock debounces", PacingStatement.lockDebounces),
        ("write debounces", PacingStatement.writeDebounces),
        ("supersede a waiting run", PacingStatement.supersede),
        ("hold for a time", PacingStatement.hold),
        ("post", PacingStatement.post),
        ("fire starts", PacingStatement.fire),
        ("lock limits", LimitStatement.lock),
        ("room of limits", LimitStatement.room),
        ("admit", LimitStatement.admit),
        ("supersede", LimitStatement.supersede),
        ("join with two limits", JointStatement.join),
        ("schedule with two limits", JointStatement.schedule),
        ("other limits of a line", JointStatement.others),
        ("free slots of limits", JointStatement.free),
        ("heads of lines", JointStatement.heads),
        ("settle tokens with two limits", JointStatement.settle),
        ("state breakers", BreakerStatement.state),
        ("lock breakers", BreakerStatement.lock),
        ("write breakers", BreakerStatement.write),
        ("slots of targets", BreakerStatement.setSlots),
        ("recall steps of targets", BreakerStatement.recall),
        ("commit: limited steps", CommitStatement.statement([.advances, .finishes, .transitions, .held, .releases])),
        ("release", ClaimStatement.release),
        ("approvals that wait", EvidenceStatement.approvals),
        ("drop", DropStatement.drop),
        ("drop steps", DropStatement.dropSteps),
        ("end waits", RareStatement.endWaits),
        ("wait", RareStatement.wait),
        ("hold", RareStatement.park),
        ("pause", RareStatement.pause),
        ("resume", RareStatement.resume),
        ("stale fences", FenceStatement.stale),
        ("held fences", FenceStatement.held),
        ("fire timers", TimerStatement.fire),
        ("due deadlines", TimerStatement.deadlines),
        ("next timer", TimerStatement.next),
        ("load runs", RunStatement.load),
        ("load transitions", RunStatement.transitions),
    ]

    /// Lists that pass a filter: on readers' sessions, where the planner is free.
    package static let filteredLists: [(name: String, statement: PostgresStatement)] = [
        ("filtered runs", FilteredListStatement.every), ("filtered runs by state", FilteredListStatement.byState),
    ]

    /// The settings of the sessions that run them.
    package static var settings: [String: String] { PinnedSettings.engine }
}
