/// One event being applied: what it is applied with, and what has come of it so far.
struct Turn {
    let now: Timestamp
    let random: UInt64
    var effects: [RunEffect] = []
    var follows = Consequences()

    init(now: Timestamp, random: UInt64) {
        self.now = now
        self.random = random
    }
}

/// What a recorded transition leads to. Applying acts on it, and records what it does; replaying does not, because that
/// is in the history too.
struct Consequences {
    /// Steps that became live.
    var released: [Int32] = []
    /// So many of `released` have been begun.
    var begun = 0
    /// Steps that can no longer run, each with the one that they lack.
    var spoiled: [(step: Int32, need: Int32)] = []
    /// Steps whose expansion has ended.
    var settled: [Int32] = []
}
