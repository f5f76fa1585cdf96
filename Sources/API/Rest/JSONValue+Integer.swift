import JSON

extension JSONValue {
    /// A member of a request's body that must be an integer.
    ///
    /// - Throws: 400 `invalid_body`, which names the member.
    func integer(_ name: String, in range: ClosedRange<Int32>) throws(Problem) -> Int32 {
        guard let number = intValue.flatMap({ Int32(exactly: $0) }), range.contains(number) else {
            throw Problem(
                400, "invalid_body", "\(name) must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
