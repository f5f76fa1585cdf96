/// Whose turn it is in a lane: while one batch is being written, the next one is gathered.
///
/// One batch at a time takes commands and one is on its way to the store, so that batches are written in the order in which
/// they were begun, and a commit waits for no more than the commit before it.
struct LaneTurns {
    /// A batch takes commands.
    private(set) var isGathering = false
    /// A batch is on its way to the store.
    private(set) var isWriting = false
    /// Beside a batch that is being written, another one is begun, or gets more, when so many commands wait: one by one
    /// would cost a switch of tasks each, and they cannot go before its end anyway.
    let eager: Int

    init(eager: Int) { self.eager = eager }

    /// Whether so many commands that wait are worth a look now.
    private func isWorthwhile(_ waiting: Int) -> Bool { waiting > 0 && (!isWriting || waiting >= eager) }

    /// Whether a new batch may be begun.
    func mayBegin(waiting: Int) -> Bool { !isGathering && isWorthwhile(waiting) }

    mutating func begin() {
        precondition(!isGathering, "two batches take commands")
        isGathering = true
    }

    /// What the batch that takes commands does next.
    enum Next: Equatable {
        case wait
        /// Takes more.
        case gather
        /// Takes what there is yet, and goes.
        case write
    }

    func next(waiting: Int, hasRoom: Bool) -> Next {
        guard isWriting else { return .write }
        return hasRoom && isWorthwhile(waiting) ? .gather : .wait
    }

    mutating func beginWriting() {
        precondition(isGathering && !isWriting, "two batches are written")
        isWriting = true
    }

    /// The batch takes nothing more.
    mutating func endGathering() { isGathering = false }

    mutating func endWriting() { isWriting = false }
}
