/// A regular expression as instructions for a search that goes back where it fails (ECMA-262, section 22.2.2): what RE2
/// cannot do is done so, in a number of steps that is bounded.
struct ECMAProgram: Sendable {
    enum Instruction: Sendable {
        /// Takes one scalar, the one before the position when it goes backwards.
        case scalar(Unicode.Scalar, isBackward: Bool)
        case any(isBackward: Bool)
        case set(ECMASet, isBackward: Bool)
        case start
        case end
        case boundary(isNegated: Bool)
        /// Goes on at the first; at the second where that fails.
        case fork(Int, Int)
        case jump(Int)
        /// Keeps the position in a slot.
        case keep(Int)
        case clear(Range<Int>)
        /// Fails where the position is still the one in the slot: a round that takes nothing is none.
        case moved(Int)
        case reference(Int, isBackward: Bool)
        /// The instructions up to `accept` look around; it goes on behind them.
        case look(isNegated: Bool, next: Int)
        case accept
    }

    private(set) var instructions: [Instruction] = []
    /// Begin and end of each capture, from the second pair on, then what rounds keep.
    private(set) var slotCount: Int

    private static let most = 50_000

    init(_ pattern: ECMAPattern, source: String) throws(ECMAPatternError) {
        slotCount = 2 * (pattern.captureCount + 1)
        guard emit(pattern.root, isBackward: false) else {
            throw ECMAPatternError(
                "the pattern \(source) cannot be used: it has repetitions of more than \(Self.most) parts, or a property "
                    + "that is not known here")
        }
        instructions.append(.accept)
    }

    /// `false` where there would be too many, or a property is not known.
    private mutating func emit(_ node: ECMANode, isBackward: Bool) -> Bool {
        guard instructions.count < Self.most else { return false }
        switch node {
        case .scalar(let scalar): instructions.append(.scalar(scalar, isBackward: isBackward))
        case .any: instructions.append(.any(isBackward: isBackward))
        case .set(let set):
            guard set.isSupported else { return false }
            instructions.append(.set(set, isBackward: isBackward))
        case .start: instructions.append(.start)
        case .end: instructions.append(.end)
        case .boundary(let isNegated): instructions.append(.boundary(isNegated: isNegated))
        case .sequence(let nodes):
            for node in isBackward ? nodes.reversed() : nodes {
                guard emit(node, isBackward: isBackward) else { return false }
            }
        case .choice(let nodes): return emitChoice(nodes, isBackward)
        case .capture(let node, let number):
            instructions.append(.keep(2 * number + (isBackward ? 1 : 0)))
            guard emit(node, isBackward: isBackward) else { return false }
            instructions.append(.keep(2 * number + (isBackward ? 0 : 1)))
        case .look(let node, let isBehind, let isNegated):
            let start = instructions.count
            instructions.append(.accept)
            guard emit(node, isBackward: isBehind) else { return false }
            instructions.append(.accept)
            instructions[start] = .look(isNegated: isNegated, next: instructions.count)
        case .reference(let number): instructions.append(.reference(number, isBackward: isBackward))
        case .repetition(let repetition): return emit(repetition, isBackward)
        }
        return true
    }

    private mutating func emitChoice(_ nodes: [ECMANode], _ isBackward: Bool) -> Bool {
        var ends: [Int] = []
        for (index, node) in nodes.enumerated() {
            let fork = instructions.count
            let isLast = index == nodes.count - 1
            if !isLast { instructions.append(.accept) }
            guard emit(node, isBackward: isBackward) else { return false }
            guard !isLast else { break }
            ends.append(instructions.count)
            instructions.append(.accept)
            instructions[fork] = .fork(fork + 1, instructions.count)
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
        return true
    }

    private mutating func emit(_ repetition: ECMANode.Repetition, _ isBackward: Bool) -> Bool {
        let slots = 2 * repetition.captures.lowerBound + 2..<2 * repetition.captures.upperBound + 2
        func body(_ program: inout ECMAProgram) -> Bool {
            if !slots.isEmpty { program.instructions.append(.clear(slots)) }
            return program.emit(repetition.body, isBackward: isBackward)
        }
        for _ in 0..<repetition.least {
            let start = instructions.count
            guard body(&self) else { return false }
            if instructions.count == start { break }
        }
        let optional = repetition.most.map { $0 - repetition.least } ?? 1
        guard optional > 0 else { return true }
        let slot = slotCount
        slotCount += 1
        var forks: [Int] = []
        for _ in 0..<optional {
            forks.append(instructions.count)
            instructions += [.accept, .keep(slot)]
            guard body(&self) else { return false }
            instructions.append(.moved(slot))
        }
        if repetition.most == nil { instructions.append(.jump(forks[0])) }
        let end = instructions.count
        for fork in forks { instructions[fork] = repetition.isLazy ? .fork(end, fork + 1) : .fork(fork + 1, end) }
        return true
    }
}

extension ECMASet {
    fileprivate var isSupported: Bool {
        items.allSatisfy { item in
            if case .property(let property, _) = item { property.isSupported } else { true }
        }
    }
}
