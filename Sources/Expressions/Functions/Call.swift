/// One call of a function: its arguments, the receiver first. The number of them was checked.
struct Call {
    let name: String
    let arguments: [Value]
    let place: Place

    var first: Value { arguments[0] }

    var count: Int { arguments.count }

    /// No overload takes these types.
    var noOverload: ExpressionError {
        let types = arguments.map(\.typeName).joined(separator: ", ")
        return place.error(.noOverload, "no such overload: \(name)(\(types))")
    }

    func failure(_ message: String) -> ExpressionError { place.error(.conversion, "\(name): \(message)") }

    func text(_ index: Int) throws(ExpressionError) -> String {
        guard case .string(let text) = arguments[index] else { throw noOverload }
        return text
    }

    func integer(_ index: Int) throws(ExpressionError) -> Int {
        guard case .int(let number) = arguments[index] else { throw noOverload }
        return Int(number)
    }

    func list(_ index: Int) throws(ExpressionError) -> ListValue {
        guard case .list(let list) = arguments[index] else { throw noOverload }
        return list
    }

    /// An index into something of that size.
    func position(_ index: Int, in range: ClosedRange<Int>) throws(ExpressionError) -> Int {
        let position = try integer(index)
        guard range.contains(position) else {
            throw place.error(.indexOutOfRange, "\(name): index out of range: \(position)")
        }
        return position
    }
}
