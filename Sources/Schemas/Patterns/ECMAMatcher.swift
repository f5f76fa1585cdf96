/// One search in a text. It counts its steps and gives up when there are none left.
struct ECMAMatcher {
    private let program: ECMAProgram
    private let scalars: [Unicode.Scalar]
    private(set) var stepsLeft: Int
    private var isGivenUp = false

    /// Places to go back to that are kept at once: what bounds the memory.
    private static let mostPlaces = 100_000

    init(_ program: ECMAProgram, _ text: String, steps: Int) {
        self.program = program
        scalars = Array(text.unicodeScalars)
        stepsLeft = steps
    }

    /// Whether it matches anywhere; `nil` when the steps did not suffice.
    mutating func matches() -> Bool? {
        let slots = [Int](repeating: -1, count: program.slotCount)
        for start in 0...scalars.count {
            let found = run(from: 0, at: start, slots) != nil
            if isGivenUp { return nil }
            if found { return true }
        }
        return false
    }

    private struct Place {
        var instruction: Int
        var position: Int
        var slots: [Int]
    }

    /// The slots at the `accept` that it comes to; look-arounds nest no deeper than the pattern's groups.
    private mutating func run(from instruction: Int, at position: Int, _ slots: [Int]) -> [Int]? {
        var places = [Place(instruction: instruction, position: position, slots: slots)]
        while var place = places.popLast() {
            while true {
                stepsLeft -= 1
                guard stepsLeft >= 0, places.count < Self.mostPlaces else {
                    isGivenUp = true
                    return nil
                }
                switch program.instructions[place.instruction] {
                case .accept: return place.slots
                case .fork(let first, let second):
                    places.append(Place(instruction: second, position: place.position, slots: place.slots))
                    place.instruction = first
                    continue
                case .jump(let next):
                    place.instruction = next
                    continue
                case .look(let isNegated, let next):
                    let found = run(from: place.instruction + 1, at: place.position, place.slots)
                    if isGivenUp { return nil }
                    if (found == nil) == isNegated {
                        // What a negated one has captured is forgotten.
                        if let found { place.slots = found }
                        place.instruction = next
                        continue
                    }
                case .keep(let slot):
                    stepsLeft -= place.slots.count / 16
                    place.slots[slot] = place.position
                    place.instruction += 1
                    continue
                case .clear(let range):
                    stepsLeft -= place.slots.count / 16
                    for slot in range { place.slots[slot] = -1 }
                    place.instruction += 1
                    continue
                case .reference(let number, let isBackward):
                    if take(place.slots[2 * number], place.slots[2 * number + 1], isBackward, &place.position) {
                        place.instruction += 1
                        continue
                    }
                case .start, .end, .boundary, .moved, .scalar, .any, .set:
                    if passes(program.instructions[place.instruction], &place) {
                        place.instruction += 1
                        continue
                    }
                }
                break
            }
        }
        return nil
    }

    /// Instructions that look at one place of the text.
    private func passes(_ instruction: ECMAProgram.Instruction, _ place: inout Place) -> Bool {
        switch instruction {
        case .start: return place.position == 0
        case .end: return place.position == scalars.count
        case .boundary(let isNegated):
            let before = place.position > 0 && scalars[place.position - 1].isWord
            let after = place.position < scalars.count && scalars[place.position].isWord
            return (before != after) != isNegated
        case .moved(let slot): return place.slots[slot] != place.position
        case .scalar(let wanted, let isBackward): return take(isBackward, &place.position) { $0 == wanted }
        case .any(let isBackward): return take(isBackward, &place.position) { !$0.endsLine }
        case .set(let set, let isBackward): return take(isBackward, &place.position) { set.contains($0) }
        case .fork, .jump, .keep, .clear, .reference, .look, .accept: return false
        }
    }

    private func take(_ isBackward: Bool, _ position: inout Int, _ test: (Unicode.Scalar) -> Bool) -> Bool {
        let index = isBackward ? position - 1 : position
        guard scalars.indices.contains(index), test(scalars[index]) else { return false }
        position += isBackward ? -1 : 1
        return true
    }

    /// What a group has captured, once more; nothing, when it has captured nothing.
    private mutating func take(_ begin: Int, _ end: Int, _ isBackward: Bool, _ position: inout Int) -> Bool {
        guard begin >= 0, end >= 0 else { return true }
        let length = end - begin
        stepsLeft -= length / 16
        let start = isBackward ? position - length : position
        guard start >= 0, start + length <= scalars.count,
            scalars[start..<start + length].elementsEqual(scalars[begin..<end])
        else { return false }
        position = isBackward ? start : start + length
        return true
    }
}
