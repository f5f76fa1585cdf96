/// Fields one behind the other, so that no two different lists of fields have the same bytes: each with its length, and
/// nothing (-1) apart from the empty.
struct AuditBytes {
    private(set) var content: [UInt8] = []

    /// - Parameter purpose: what the bytes are made for, so that a code for one purpose is none for another.
    init(_ purpose: String) { add(purpose) }

    mutating func add(_ number: Int64) {
        for shift in stride(from: 56, through: 0, by: -8) { content.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func add(_ bytes: [UInt8]) {
        add(Int64(bytes.count))
        content += bytes
    }

    mutating func add(_ text: String?) {
        guard let text else { return add(-1) }
        add(Array(text.utf8))
    }
}
