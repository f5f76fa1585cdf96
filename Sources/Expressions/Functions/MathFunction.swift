/// Functions of the extension for math.
enum MathFunction: String, FunctionGroup {
    case greatest = "math.greatest"
    case least = "math.least"
    case ceil = "math.ceil"
    case floor = "math.floor"
    case round = "math.round"
    case trunc = "math.trunc"
    case abs = "math.abs"
    case sign = "math.sign"
    case sqrt = "math.sqrt"
    case isNaN = "math.isNaN"
    case isInf = "math.isInf"
    case isFinite = "math.isFinite"
    case bitAnd = "math.bitAnd"
    case bitOr = "math.bitOr"
    case bitXor = "math.bitXor"
    case bitNot = "math.bitNot"
    case bitShiftLeft = "math.bitShiftLeft"
    case bitShiftRight = "math.bitShiftRight"

    var function: Function { .math(self) }

    var arity: ClosedRange<Int> {
        switch self {
        case .greatest, .least: 1...Int.max
        case .bitAnd, .bitOr, .bitXor, .bitShiftLeft, .bitShiftRight: 2...2
        case .ceil, .floor, .round, .trunc, .abs, .sign, .sqrt, .isNaN, .isInf, .isFinite, .bitNot: 1...1
        }
    }
}

extension Evaluator {
    mutating func call(_ function: MathFunction, _ call: Call) throws(ExpressionError) -> Value {
        switch function {
        case .greatest: return try extreme(.greater, call)
        case .least: return try extreme(.less, call)
        case .ceil: return .double(try real(call).rounded(.up))
        case .floor: return .double(try real(call).rounded(.down))
        case .round: return .double(try real(call).rounded(.toNearestOrAwayFromZero))
        case .trunc: return .double(try real(call).rounded(.towardZero))
        case .isNaN: return .bool(try real(call).isNaN)
        case .isInf: return .bool(try real(call).isInfinite)
        case .isFinite: return .bool(try real(call).isFinite)
        case .abs: return try magnitude(call)
        case .sign: return try signum(call)
        case .sqrt: return try squareRoot(call)
        case .bitAnd: return try bits(call, { $0 & $1 })
        case .bitOr: return try bits(call, { $0 | $1 })
        case .bitXor: return try bits(call, { $0 ^ $1 })
        case .bitNot:
            switch call.first {
            case .int(let number): return .int(~number)
            case .uint(let number): return .uint(~number)
            default: throw call.noOverload
            }
        case .bitShiftLeft: return try shift(call) { $0 << $1 }
        case .bitShiftRight: return try shift(call) { $0 >> $1 }
        }
    }

    private func real(_ call: Call) throws(ExpressionError) -> Double {
        guard case .double(let number) = call.first else { throw call.noOverload }
        return number
    }

    /// Of the arguments, or of the only one's elements.
    private mutating func extreme(_ wanted: ValueOrder, _ call: Call) throws(ExpressionError) -> Value {
        var numbers = call.arguments
        if call.count == 1, case .list(let list) = call.first {
            try budget.spend(list.count, at: call.place)
            numbers = Array(list)
        }
        guard var best = numbers.first else { throw call.failure("the list is empty") }
        guard best.numberOrder(best) != nil else { throw call.noOverload }
        for number in numbers.dropFirst() {
            guard let order = number.numberOrder(best) else { throw call.noOverload }
            if order == wanted { best = number }
        }
        return best
    }

    private func magnitude(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .int(let number):
            guard number != .min else { throw call.place.error(.overflow, "integer overflow") }
            return .int(Swift.abs(number))
        case .uint: return call.first
        case .double(let number): return .double(number.magnitude)
        default: throw call.noOverload
        }
    }

    private func signum(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .int(let number): return .int(number.signum())
        case .uint(let number): return .uint(number.signum())
        case .double(let number): return .double(number.isNaN ? number : number > 0 ? 1 : number < 0 ? -1 : 0)
        default: throw call.noOverload
        }
    }

    private func squareRoot(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .int(let number): return .double(Double(number).squareRoot())
        case .uint(let number): return .double(Double(number).squareRoot())
        case .double(let number): return .double(number.squareRoot())
        default: throw call.noOverload
        }
    }

    private func bits(
        _ call: Call, _ operation: (UInt64, UInt64) -> UInt64
    ) throws(ExpressionError) -> Value {
        switch (call.arguments[0], call.arguments[1]) {
        case (.int(let left), .int(let right)):
            return .int(Int64(bitPattern: operation(UInt64(bitPattern: left), UInt64(bitPattern: right))))
        case (.uint(let left), .uint(let right)): return .uint(operation(left, right))
        default: throw call.noOverload
        }
    }

    /// The bits move as they are: the sign is a bit like the others. Beyond 63 places nothing is left.
    private func shift(
        _ call: Call, _ operation: (UInt64, Int64) -> UInt64
    ) throws(ExpressionError) -> Value {
        guard case .int(let places) = call.arguments[1] else { throw call.noOverload }
        guard places >= 0 else { throw call.failure("the number of places is negative: \(places)") }
        switch call.first {
        case .int(let number): return .int(Int64(bitPattern: operation(UInt64(bitPattern: number), places)))
        case .uint(let number): return .uint(operation(number, places))
        default: throw call.noOverload
        }
    }
}
