/// Steps that a run has made for one step of its plan, numbered one after the other.
struct Expansion: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// `for_each`: JSON text of each item.
        case items([[UInt8]])
        /// The handler by its position, and the failure that it handles.
        case handler(Int, StepFailure)
    }

    let kind: Kind
    /// The step that they were made for.
    let owner: Int32
    /// The number of the first.
    let base: Int32
    let count: Int32
    /// The first item that has not begun, counted from 0.
    var next: Int32 = 0
    /// Items that begin once more, when one of those that run has ended.
    var again: ArraySlice<Int32> = []
    /// Those that have not ended.
    var unended: Int32
    /// The first failure of one of them, and which it was.
    var failure: StepFailure?
    var failed: Int32?

    init(_ kind: Kind, owner: Int32, base: Int32, count: Int32) {
        self.kind = kind
        self.owner = owner
        self.base = base
        self.count = count
        unended = count
    }

    func contains(_ step: Int32) -> Bool { step >= base && step < base + count }
}
