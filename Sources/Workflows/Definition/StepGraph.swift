/// The graph of a definition's steps by index: what needs what. All its walks are iterative, for 10,000 steps in a row.
struct StepGraph {
    /// For each step, the steps that it needs; ids that are unknown are left out.
    let needs: [[Int]]

    /// A definition has so many cycles at most that are worth listing.
    static let mostCycles = 20

    /// The steps of the first cycles, in the order of needing: the last needs the first.
    func cycles() -> [[Int]] {
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: needs.count)
        var depths = [Int](repeating: 0, count: needs.count)
        var cycles: [[Int]] = []
        for start in needs.indices where marks[start] == .new {
            var path = [start]
            var next = [0]
            marks[start] = .open
            depths[start] = 0
            while let step = path.last {
                let position = next[next.count - 1]
                guard position < needs[step].count else {
                    marks[step] = .done
                    path.removeLast()
                    next.removeLast()
                    continue
                }
                next[next.count - 1] += 1
                let need = needs[step][position]
                switch marks[need] {
                case .new:
                    marks[need] = .open
                    depths[need] = path.count
                    path.append(need)
                    next.append(0)
                case .open:
                    cycles.append(Array(path[depths[need]...]))
                    if cycles.count == Self.mostCycles { return cycles }
                case .done: break
                }
            }
        }
        return cycles
    }

    /// For each step, every step upstream of it. One bit a pair: 12 MiB for 10,000 steps.
    ///
    /// - Parameters:
    ///   - joins: Of each step.
    ///   - guaranteed: Only the steps that must have ended, whichever needs a step with another join than `all` has
    ///     waited for.
    /// - Precondition: there is no cycle.
    func upstream(joins: [Join], guaranteed: Bool) -> Upstream {
        let width = (needs.count + 63) / 64
        var bits = [UInt64](repeating: 0, count: width * needs.count)
        for step in order() {
            let first = step * width
            guard !guaranteed || joins[step].wanted(of: needs[step].count) == needs[step].count else {
                // What is upstream of every need.
                for (position, need) in needs[step].enumerated() {
                    for word in 0..<width {
                        var other = bits[need * width + word]
                        if need / 64 == word { other |= 1 << UInt64(need % 64) }
                        bits[first + word] = position == 0 ? other : bits[first + word] & other
                    }
                }
                continue
            }
            for need in needs[step] {
                for word in 0..<width { bits[first + word] |= bits[need * width + word] }
                bits[first + need / 64] |= 1 << UInt64(need % 64)
            }
        }
        return Upstream(width: width, bits: bits)
    }

    /// The steps, each after those that it needs.
    func order() -> [Int] {
        var dependents = [[Int]](repeating: [], count: needs.count)
        var missing = needs.map(\.count)
        for (step, needs) in needs.enumerated() {
            for need in needs { dependents[need].append(step) }
        }
        var order = missing.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            for dependent in dependents[order[next]] {
                missing[dependent] -= 1
                if missing[dependent] == 0 { order.append(dependent) }
            }
            next += 1
        }
        return order
    }

    struct Upstream {
        fileprivate let width: Int
        fileprivate let bits: [UInt64]

        /// Whether `step` can only begin when `other` has ended.
        func contains(_ other: Int, of step: Int) -> Bool {
            bits[step * width + other / 64] & 1 << UInt64(other % 64) != 0
        }
    }
}
