package import Postgres

/// The statements of the engine's hot path, for the test that looks at their plans.
package enum HotStatements {
    package static let all: [(name: String, statement: PostgresStatement)] = [
        ("commit: every part", CommitStatement.statement(CommitSections(rawValue: (1 << 12) - 1))),
        ("commit: starts", CommitStatement.statement([.starts, .keys, .ready, .leases])),
        ("commit: ends", CommitStatement.statement([.advances, .endings, .finishes, .transitions])),
        ("commit: steps", CommitStatement.statement([.advances, .finishes, .transitions, .ready, .leases, .timers])),
        ("claim", ClaimStatement.claim),
        ("ready buckets", ClaimStatement.buckets),
        ("release", ClaimStatement.release),
        ("drop", DropStatement.drop),
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
