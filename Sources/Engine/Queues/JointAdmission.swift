/// Judges who of those that wait in lines may go on, where some need slots of two limits at once.
///
/// Such a token gets both slots or none. It waits in the line of one that is full: so whoever frees a slot finds all that
/// wait for it in one line, nobody holds one slot while he waits for the other, and a slot that one cannot use yet is the
/// next one's.
public struct JointAdmission {
    public enum Verdict: Sendable, Equatable {
        /// It has its slots.
        case admitted
        /// Its other limit is full: it waits there now.
        case moved
        /// Its line has no slot free, or its other limit was not looked at.
        case waits
    }

    /// Slots that are left of each limit that was looked at.
    private var free: [LimitID: Int64]
    /// Lines that are to be judged again, with the limits that were not looked at.
    public private(set) var unfinished: Set<LimitID> = []

    public init(free: [LimitID: Int64]) { self.free = free }

    /// Tokens are judged in the order of their ranks.
    public mutating func judge(line: LimitID, joint: LimitID?) -> Verdict {
        guard !unfinished.contains(line), let places = free[line], places > 0 else { return .waits }
        guard let joint else {
            free[line] = places - 1
            return .admitted
        }
        guard let others = free[joint] else {
            // Those behind it wait with it.
            unfinished.insert(line)
            return .waits
        }
        guard others > 0 else { return .moved }
        free[line] = places - 1
        free[joint] = others - 1
        return .admitted
    }

    /// A line has a slot left.
    public func hasRoom(_ line: LimitID) -> Bool { (free[line] ?? 0) > 0 }
}
