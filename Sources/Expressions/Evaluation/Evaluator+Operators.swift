extension Evaluator {
    mutating func apply(
        _ operation: Syntax.Operator, _ left: Value, _ right: Value, at place: Place
    ) throws(ExpressionError) -> Value {
        switch operation {
        case .equal: return .bool(try isEqual(left, right, at: place))
        case .notEqual: return .bool(try !isEqual(left, right, at: place))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let order = try order(left, right, at: place) else {
                throw mismatch(operation, left, right, at: place)
            }
            return .bool(holds(operation, order))
        case .within: return .bool(try isWithin(left, right, at: place))
        case .plus, .minus, .times, .over, .modulo: return try calculate(operation, left, right, at: place)
        }
    }

    private func holds(_ operation: Syntax.Operator, _ order: ValueOrder) -> Bool {
        switch operation {
        case .less: order == .less
        case .lessOrEqual: order == .less || order == .equal
        case .greater: order == .greater
        case .greaterOrEqual: order == .greater || order == .equal
        case .equal, .notEqual, .within, .plus, .minus, .times, .over, .modulo: false
        }
    }

    func negate(_ value: Value, count: Int, at place: Place) throws(ExpressionError) -> Value {
        switch value {
        case .int(let number):
            guard number != .min else { throw place.error(.overflow, "integer overflow") }
            return .int(count % 2 == 1 ? -number : number)
        case .double(let number): return .double(count % 2 == 1 ? -number : number)
        case .null, .bool, .uint, .string, .bytes, .list, .map, .timestamp, .duration, .type, .optional:
            throw place.error(.noOverload, "no such overload: -\(value.typeName)")
        }
    }

    private mutating func calculate(
        _ operation: Syntax.Operator, _ left: Value, _ right: Value, at place: Place
    ) throws(ExpressionError) -> Value {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try integers(operation, left, right, at: place))
        case (.uint(let left), .uint(let right)): return .uint(try integers(operation, left, right, at: place))
        case (.double(let left), .double(let right)):
            guard let result = doubles(operation, left, right) else {
                throw mismatch(operation, .double(left), .double(right), at: place)
            }
            return .double(result)
        default: break
        }
        switch operation {
        case .plus: return try add(left, right, at: place)
        case .minus: return try subtract(left, right, at: place)
        case .times, .over, .modulo, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .within:
            throw mismatch(operation, left, right, at: place)
        }
    }

    private mutating func add(_ left: Value, _ right: Value, at place: Place) throws(ExpressionError) -> Value {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try budget.spend(bytes: left.utf8.count + right.utf8.count, at: place)
            return .string(left + right)
        case (.bytes(let left), .bytes(let right)):
            try budget.spend(bytes: left.count + right.count, at: place)
            return .bytes(left + right)
        case (.list(let left), .list(let right)):
            try budget.spend(left.count + right.count, at: place)
            return try list(of: Array(left) + Array(right), at: place)
        case (.timestamp(let time), .duration(let duration)), (.duration(let duration), .timestamp(let time)):
            return try timestamp(time.adding(duration), at: place)
        case (.duration(let left), .duration(let right)): return try duration(left + right, at: place)
        default: throw mismatch(.plus, left, right, at: place)
        }
    }

    private func subtract(_ left: Value, _ right: Value, at place: Place) throws(ExpressionError) -> Value {
        switch (left, right) {
        case (.timestamp(let time), .duration(let duration)):
            return try timestamp(time.subtracting(duration), at: place)
        case (.timestamp(let left), .timestamp(let right)): return try duration(left.since(right), at: place)
        case (.duration(let left), .duration(let right)): return try duration(left - right, at: place)
        default: throw mismatch(.minus, left, right, at: place)
        }
    }

    func timestamp(_ time: Timestamp?, at place: Place) throws(ExpressionError) -> Value {
        guard let time else { throw place.error(.overflow, "timestamp out of range: years are 0001 to 9999") }
        return .timestamp(time)
    }

    func duration(_ duration: Duration?, at place: Place) throws(ExpressionError) -> Value {
        guard let duration, duration.isAllowed else {
            throw place.error(.overflow, "duration out of range: at most 292 years either way")
        }
        return .duration(duration)
    }

    private func integers<Number: FixedWidthInteger>(
        _ operation: Syntax.Operator, _ left: Number, _ right: Number, at place: Place
    ) throws(ExpressionError) -> Number {
        let result: (partialValue: Number, overflow: Bool)
        switch operation {
        case .minus: result = left.subtractingReportingOverflow(right)
        case .times: result = left.multipliedReportingOverflow(by: right)
        case .over:
            guard right != 0 else { throw place.error(.divisionByZero, "divide by zero") }
            result = left.dividedReportingOverflow(by: right)
        case .modulo:
            guard right != 0 else { throw place.error(.divisionByZero, "modulus by zero") }
            result = left.remainderReportingOverflow(dividingBy: right)
        case .plus, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .within:
            result = left.addingReportingOverflow(right)
        }
        guard !result.overflow else { throw place.error(.overflow, "integer overflow") }
        return result.partialValue
    }

    private func doubles(_ operation: Syntax.Operator, _ left: Double, _ right: Double) -> Double? {
        switch operation {
        case .plus: left + right
        case .minus: left - right
        case .times: left * right
        case .over: left / right
        case .modulo, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .within: nil
        }
    }
}
