import DequeModule
import Workflows

/// What waits, in a line of its own for each tenant; the tenants take turns by deficit round robin (Shreedhar and
/// Varghese, 1995).
///
/// Each turn gives a tenant credit for so many bytes, so that many small elements count as much as few large ones. Within
/// a line the order is that of arrival. A tenant that waits alone needs no turns.
struct TenantLines<Element> {
    private struct Waiting {
        var element: Element
        var bytes: Int
    }

    private struct Line {
        var waiting: Deque<Waiting> = []
        /// Bytes that it may still take; what a turn leaves over counts for the next one.
        var credit = 0

        /// Answers how many wait now.
        mutating func append(_ next: Waiting) -> Int {
            waiting.append(next)
            return waiting.count
        }
    }

    /// Credit of a turn, in bytes.
    private static var turn: Int { 16 << 10 }
    /// What an element counts on top of its bytes.
    private static var overhead: Int { 1 << 10 }

    private var lines: [TenantID: Line] = [:]
    /// Those who wait, in the order of their turns.
    private var turns: Deque<TenantID> = []
    /// The first of them has got the credit of its turn.
    private var hasTurn = false
    private(set) var count = 0
    private(set) var bytes = 0

    var isEmpty: Bool { count == 0 }

    /// Tenants that wait.
    var tenants: Int { turns.count }

    func count(of tenant: TenantID) -> Int { lines[tenant]?.waiting.count ?? 0 }

    mutating func append(_ element: Element, bytes size: Int, of tenant: TenantID) {
        if lines[tenant, default: Line()].append(Waiting(element: element, bytes: size)) == 1 { turns.append(tenant) }
        count += 1
        bytes += size
    }

    /// Puts an element before all others of its tenant, and the tenant, if it does not wait yet, before all others.
    mutating func prepend(_ element: Element, bytes size: Int, of tenant: TenantID) {
        if lines[tenant] == nil {
            turns.prepend(tenant)
            hasTurn = false
        }
        lines[tenant, default: Line()].waiting.prepend(Waiting(element: element, bytes: size))
        count += 1
        bytes += size
    }

    /// Takes as many as fit.
    ///
    /// - Parameter takesFirst: The first one always fits, however large.
    mutating func take(count limit: Int, bytes byteLimit: Int, takesFirst: Bool = true) -> [Element] {
        var taken: [Element] = []
        taken.reserveCapacity(max(0, min(limit, count)))
        var size = 0
        var isFull = limit <= 0
        while !isFull, let tenant = turns.first, var line = lines.removeValue(forKey: tenant) {
            let isAlone = turns.count == 1
            if !isAlone, !hasTurn { line.credit += Self.turn }
            hasTurn = true
            while let next = line.waiting.first {
                let cost = next.bytes + Self.overhead
                if !isAlone, cost > line.credit { break }
                let mustFit = !taken.isEmpty || !takesFirst
                if taken.count >= limit || mustFit && size + next.bytes > byteLimit {
                    isFull = true
                    break
                }
                if !isAlone { line.credit -= cost }
                size += next.bytes
                taken.append(next.element)
                line.waiting.removeFirst()
            }
            if line.waiting.isEmpty {
                turns.removeFirst()
                hasTurn = false
            } else {
                lines[tenant] = line
                // A turn that the end of the batch has cut off goes on with the next one.
                if !isFull {
                    turns.append(turns.removeFirst())
                    hasTurn = false
                }
            }
        }
        count -= taken.count
        bytes -= size
        return taken
    }

    /// Takes out those of which the predicate is true.
    mutating func remove(where isWanted: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for tenant in turns {
            guard let line = lines[tenant] else { continue }
            var kept: Deque<Waiting> = []
            for waiting in line.waiting {
                if isWanted(waiting.element) {
                    removed.append(waiting.element)
                    count -= 1
                    bytes -= waiting.bytes
                } else {
                    kept.append(waiting)
                }
            }
            lines[tenant] = kept.isEmpty ? nil : Line(waiting: kept, credit: line.credit)
        }
        if let first = turns.first, lines[first] == nil { hasTurn = false }
        turns.removeAll { lines[$0] == nil }
        return removed
    }
}
