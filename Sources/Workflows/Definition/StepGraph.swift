/// The graph of a definition's steps by index: what needs what. All its walks are iterative, for 10,000 steps in a row.
struct StepGraph {
    /// For each step, the steps that it needs; ids that are unknown are left out.
    let needs: [[Int]]

    /// The steps of each cycle, one of them for each knot of cycles, in the order of needing: the last needs the first.
    func cycles() -> [[Int]] {
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: needs.count)
        var cycles: [[Int]] = []
        for start in needs.indices where marks[start] == .new {
            var path = [start]
            var next = [0]
            marks[start] = .open
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
                    path.append(need)
                    next.append(0)
                case .open:
                    if let first = path.firstIndex(of: need) { cycles.append(Array(path[first...])) }
                case .done: break
                }
            }
        }
        return cycles
    }

    /// For each step, every step upstream of it. One bit a pair: 12 MiB for 10,000 steps.
    ///
    /// - Precondition: there is no cycle.
    func upstream() -> Upstream {
        let width = (needs.count + 63) / 64
        var bits = [UInt64](repeating: 0, count: width * needs.count)
        for step in order() {
            for need in needs[step] {
                for word in 0..<width { bits[step * width + word] |= bits[need * width + word] }
                bits[step * width + need / 64] |= 1 << UInt64(need % 64)
            }
        }
        return Upstream(width: width, bits: bits)
    }

    /// The steps, each after those that it needs.
    private func order() -> [Int] {
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
