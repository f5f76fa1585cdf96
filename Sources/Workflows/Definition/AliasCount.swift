/// Aliases of YAML repeat what their anchors hold, and an alias in an anchored value repeats again: nine lines become
/// milliards of values. With few aliases that cannot get far; a definition hardly needs one.
enum AliasCount {
    static let limit = 32

    /// Counts words that look like an alias (`*name`) of an anchor (`&name`) before it. Text that only looks so is
    /// counted too: that a script has 33 such words is unlikely enough.
    static func isHarmless(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return true }
        var anchors: Set<Substring> = []
        var aliases = 0
        for word in text.split(whereSeparator: { " \t\r\n,[]{}".contains($0) }) {
            switch word.first {
            case "&": anchors.insert(word.dropFirst())
            case "*": aliases += anchors.contains(word.dropFirst(1).trimmingColon) ? 1 : 0
            default: break
            }
        }
        return aliases <= limit
    }
}

extension Substring {
    fileprivate var trimmingColon: Substring { last == ":" ? dropLast() : self }
}
