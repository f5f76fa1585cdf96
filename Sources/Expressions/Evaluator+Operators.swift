import JSON

extension Evaluator {
    mutating func apply(
        _ operation: Syntax.Operator, _ left: JSONValue, _ right: JSONValue, at place: Place
    ) throws(ExpressionError) -> JSONValue {
        switch operation {
        case .equal: .bool(isEqual(left, right))
        case .notEqual: .bool(!isEqual(left, right))
        case .less: .bool(try compare(left, right, operation, at: place) == .less)
        case .lessOrEqual: .bool([.less, .equal].contains(try compare(left, right, operation, at: place)))
        case .greater: .bool(try compare(left, right, operation, at: place) == .greater)
        case .greaterOrEqual: .bool([.greater, .equal].contains(try compare(left, right, operation, at: place)))
        case .within: .bool(try isWithin(left, right, at: place))
        case .plus: try add(left, right, at: place)
        case .minus, .times, .over, .modulo: try calculate(operation, left, right, at: place)
        }
    }

    func negate(_ value: JSONValue, at place: Place) throws(ExpressionError) -> JSONValue {
        switch value {
        case .int(let number):
            guard number != .min else { throw place.error(.overflow, "integer overflow") }
            return .int(-number)
        case .double(let number): return .double(-number)
        case .null, .bool, .string, .array, .object:
            throw place.error(.noOverload, "\"-\" takes a number, not \(value.typeName)")
        }
    }

    /// Numbers are equal by value, whatever their types; values of other different types are not equal.
    private func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.int, .double), (.double, .int), (.double, .double), (.string, .string): order(left, right) == .equal
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { isEqual($0, $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { member in right[member.key].map { isEqual(member.value, $0) } ?? false }
        default: left == right
        }
    }

    private enum Order {
        case less
        case equal
        case greater
        /// With a NaN.
        case none
    }

    private func order(_ left: JSONValue, _ right: JSONValue) -> Order? {
        func order<Value: Comparable>(_ left: Value, _ right: Value) -> Order {
            left < right ? .less : left > right ? .greater : left == right ? .equal : .none
        }
        switch (left, right) {
        case (.int(let left), .int(let right)): return order(left, right)
        case (.double(let left), .double(let right)): return order(left, right)
        // Exact: an integer of 64 bits does not always fit into a double.
        case (.int(let left), .double(let right)):
            if right.isNaN { return Order.none }
            if right >= 0x1p63 { return .less }
            if right < -0x1p63 { return .greater }
            let whole = Int64(right.rounded(.down))
            return left == whole ? (right > right.rounded(.down) ? .less : .equal) : order(left, whole)
        case (.double, .int):
            return switch self.order(right, left) {
            case .less: .greater
            case .greater: .less
            case .equal: .equal
            case Order.none?, nil: Order.none
            }
        // By code point, as UTF-8 sorts.
        case (.string(let left), .string(let right)):
            if left.utf8.elementsEqual(right.utf8) { return .equal }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
        case (.bool(let left), .bool(let right)): return order(left ? 1 : 0, right ? 1 : 0)
        default: return nil
        }
    }

    private func compare(
        _ left: JSONValue, _ right: JSONValue, _ operation: Syntax.Operator, at place: Place
    ) throws(ExpressionError) -> Order {
        guard let order = order(left, right) else { throw mismatch(operation, left, right, at: place) }
        return order
    }

    private func mismatch(
        _ operation: Syntax.Operator, _ left: JSONValue, _ right: JSONValue, at place: Place
    ) -> ExpressionError {
        place.error(.noOverload, "no such overload: \(left.typeName) \(operation.rawValue) \(right.typeName)")
    }

    private mutating func isWithin(
        _ value: JSONValue, _ container: JSONValue, at place: Place
    ) throws(ExpressionError) -> Bool {
        switch container {
        case .array(let elements):
            try budget.spend(elements.count / 8, at: place)
            return elements.contains { isEqual($0, value) }
        case .object(let object):
            guard case .string(let key) = value else { return false }
            return object[key] != nil
        case .null, .bool, .int, .double, .string:
            throw mismatch(.within, value, container, at: place)
        }
    }

    private mutating func add(
        _ left: JSONValue, _ right: JSONValue, at place: Place
    ) throws(ExpressionError) -> JSONValue {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try budget.spend((left.utf8.count + right.utf8.count) / 64, at: place)
            return .string(left + right)
        case (.array(let left), .array(let right)):
            try budget.spend((left.count + right.count) / 8, at: place)
            return .array(left + right)
        default:
            return try calculate(.plus, left, right, at: place)
        }
    }

    private func calculate(
        _ operation: Syntax.Operator, _ left: JSONValue, _ right: JSONValue, at place: Place
    ) throws(ExpressionError) -> JSONValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try integers(operation, left, right, at: place))
        case (.double(let left), .double(let right)):
            guard operation != .modulo else { throw mismatch(operation, .double(left), .double(right), at: place) }
            return .double(doubles(operation, left, right))
        default: throw mismatch(operation, left, right, at: place)
        }
    }

    private func integers(
        _ operation: Syntax.Operator, _ left: Int64, _ right: Int64, at place: Place
    ) throws(ExpressionError) -> Int64 {
        let result: (partialValue: Int64, overflow: Bool)
        switch operation {
        case .minus: result = left.subtractingReportingOverflow(right)
        case .times: result = left.multipliedReportingOverflow(by: right)
        case .over, .modulo:
            guard right != 0 else { throw place.error(.divisionByZero, "division by zero") }
            result =
                operation == .over
                ? left.dividedReportingOverflow(by: right) : left.remainderReportingOverflow(dividingBy: right)
        case .plus, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .within:
            result = left.addingReportingOverflow(right)
        }
        guard !result.overflow else { throw place.error(.overflow, "integer overflow") }
        return result.partialValue
    }

    private func doubles(_ operation: Syntax.Operator, _ left: Double, _ right: Double) -> Double {
        switch operation {
        case .minus: left - right
        case .times: left * right
        case .over: left / right
        case .modulo, .plus, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .within: left + right
        }
    }
}
