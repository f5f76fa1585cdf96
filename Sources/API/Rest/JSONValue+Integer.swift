import JSON

extension JSONValue {
    /// A member of a request's body that must be an integer.
    ///
    /// - Throws: 400 `invalid_body`, which names the member.
    func integer<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Number>
    ) throws(Problem) -> Number {
        guard let number = intValue.flatMap({ Number(exactly: $0) }), range.contains(number) else {
            throw Problem(
                400, "invalid_body", "\(name) must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
