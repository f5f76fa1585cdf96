internal import Engine
internal import Postgres
internal import Workflows

/// What the commit statement answered, or what was found out about it afterwards.
struct CommitReply {
    var committedAt: Timestamp
    /// The runs that were written; nil is all of them.
    var written: Set<RunKey>?
    /// Numbers, from 1, of the ready tokens that were leased at once.
    var granted: [Int]
    /// Numbers, from 1, of the tokens that needed a slot and got one at once.
    var seated: [Int] = []
    /// Numbers of tokens for whose limit somebody waits although slots are free: it was raised by this very batch.
    var stalled: [Int] = []
    /// Attempts that a drop took away.
    var dropped: [AttemptFence] = []
    /// Buckets that received tokens of resumed runs, and limits whose lines did.
    var resumed: [ReadyBucket] = []
    var limits: [LimitID] = []
    var admissions = Admissions()
    var breakersChanged = false

    init(committedAt: Timestamp, written: Set<RunKey>?, granted: [Int]) {
        self.committedAt = committedAt
        self.written = written
        self.granted = granted
    }

    init(_ result: PostgresResult) throws(PostgresError) {
        committedAt = Timestamp(try result.decode(row: 0, column: 0, as: PostgresTimestamp.self))
        if try result.decode(row: 0, column: 1, as: Bool.self) {
            written = nil
        } else {
            let tenants = try result.decode(row: 0, column: 2, as: [Int32]?.self) ?? []
            let runs = try result.decode(row: 0, column: 3, as: [PostgresUUID]?.self) ?? []
            written = Set(zip(tenants, runs).map { RunKey($0, $1) })
        }
        granted = (try result.decode(row: 0, column: 4, as: [Int32]?.self) ?? []).map(Int.init)
        seated = (try result.decode(row: 0, column: 6, as: [Int32]?.self) ?? []).map(Int.init)
        stalled = (try result.decode(row: 0, column: 7, as: [Int32]?.self) ?? []).map(Int.init)
    }

    /// What was handed out, and the lines that are to be looked at once more.
    mutating func add(_ rows: AdmittedRows) {
        admissions.add(rows.admissions)
        limits += rows.joint
    }

    func wrote(_ key: RunKey) -> Bool {
        written?.contains(key) ?? true
    }
}
