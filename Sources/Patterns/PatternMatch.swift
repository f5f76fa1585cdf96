/// Where a pattern matched: UTF-8 offsets into the subject.
public struct PatternMatch: Hashable, Sendable {
    public var range: Range<Int>
    /// The capturing groups in their order; `nil` for a group that took no part.
    public var groups: [Range<Int>?]

    public init(range: Range<Int>, groups: [Range<Int>?] = []) {
        self.range = range
        self.groups = groups
    }
}
