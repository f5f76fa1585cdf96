/// The units of one quota that this node may use without asking: the decisions, without locks and time.
///
/// Who finds none asks the store, or joins the line behind somebody who asks. What comes goes to the one who asked and to
/// the line, in order; while some still wait, the first of them asks next.
struct UnitPool<Waiter: Sendable>: Sendable {
    enum Take: Sendable {
        case unit
        /// The quota was used up a moment ago.
        case refused(QuotaGrant)
        /// Nobody asks: it is the caller's to do, and to tell the answer by `granted` or `failed`.
        case ask
    }

    private var available: Int32 = 0
    /// Units of starts that are under way.
    private var underWay: Int32 = 0
    /// When what is available must not be used any more.
    private var end: Duration = .zero
    /// Of the block: units of an earlier one are worth nothing.
    private(set) var block: UInt64 = 0
    private var line: [Waiter] = []
    private var isAsking = false
    private var refusal: (grant: QuotaGrant, until: Duration)?

    /// So long before a block's end its units are not used: their commit would come too late.
    static var margin: Duration { .milliseconds(500) }
    /// So long a refusal is believed, unless a place is known to be free.
    static var patience: Duration { .milliseconds(10) }

    /// The units that somebody waits for, with the one who asks.
    var demand: Int32 { Int32(clamping: line.count) + 1 }
    /// What the store may take for reserved.
    var keeping: Int32 { available + underWay }

    /// A unit, or a refusal, or the duty to ask; `nil`: somebody asks already (`join`).
    mutating func take(at now: Duration) -> Take? {
        if now >= end { available = 0 }
        if available > 0, line.isEmpty {
            available -= 1
            underWay += 1
            return .unit
        }
        guard !isAsking else { return nil }
        if let refusal, now < refusal.until { return .refused(refusal.grant) }
        isAsking = true
        return .ask
    }

    /// Takes a place in the line.
    mutating func join(_ waiter: Waiter) { line.append(waiter) }

    /// What became of the one who asked, and of the line.
    struct Division: Sendable {
        /// The one who asked has a unit.
        var isServed: Bool
        var served: [Waiter]
        var refused: [Waiter]
        /// Asks next.
        var next: Waiter?
    }

    /// What the store granted to whom asked at `asked`.
    mutating func granted(_ grant: QuotaGrant, asked: Duration, lease: Duration, now: Duration) -> Division {
        if now >= end { available = 0 }
        available += grant.units
        if grant.units > 0 {
            if end <= asked { block += 1 }
            end = asked + lease - Self.margin
        }
        guard available > 0 else {
            refusal = (grant, now + Self.patience)
            isAsking = false
            defer { line = [] }
            return Division(isServed: false, served: [], refused: line)
        }
        let count = min(line.count, Int(available) - 1)
        let served = Array(line.prefix(count))
        line.removeFirst(count)
        available -= Int32(count) + 1
        underWay += Int32(count) + 1
        isAsking = !line.isEmpty
        return Division(
            isServed: true, served: served, refused: [], next: line.isEmpty ? nil : line.removeFirst())
    }

    /// The one who asks has gone away: the first of the line asks in its place.
    mutating func passOn() -> Waiter? {
        isAsking = !line.isEmpty
        return line.isEmpty ? nil : line.removeFirst()
    }

    /// The store could not be asked.
    mutating func failed() -> [Waiter] {
        isAsking = false
        defer { line = [] }
        return line
    }

    /// A start was committed: its unit has become a run.
    mutating func settle() { underWay = max(0, underWay - 1) }

    /// A start came to nothing.
    mutating func giveBack(of block: UInt64) {
        underWay = max(0, underWay - 1)
        if block == self.block { available += 1 }
    }

    /// A place became free: the store is asked again at once.
    mutating func noteFree() { refusal = nil }
}
