/// Functions of the extension for optional values. Those that look at one argument only where it matters (`or`,
/// `orValue`) are macros.
enum OptionalFunction: String, FunctionGroup {
    case of = "optional.of"
    case none = "optional.none"
    case ofNonZeroValue = "optional.ofNonZeroValue"
    case unwrap = "optional.unwrap"
    case unwrapOpt
    case hasValue
    case value

    var function: Function { .optional(self) }

    var arity: ClosedRange<Int> {
        switch self {
        case .none: 0...0
        case .of, .ofNonZeroValue, .unwrap, .unwrapOpt, .hasValue, .value: 1...1
        }
    }
}

extension Evaluator {
    mutating func call(_ function: OptionalFunction, _ call: Call) throws(ExpressionError) -> Value {
        switch function {
        case .none: return .optional(.none)
        case .of: return .optional(OptionalValue(call.first))
        case .ofNonZeroValue: return .optional(OptionalValue(call.first.isZero ? nil : call.first))
        case .unwrap, .unwrapOpt:
            var present: [Value] = []
            for element in try call.list(0) {
                try budget.spend(1, at: call.place)
                if let value = try optional(element, at: call.place).value { present.append(value) }
            }
            return try list(of: present, at: call.place)
        case .hasValue: return .bool(try optional(call.first, at: call.place).value != nil)
        case .value:
            guard let value = try optional(call.first, at: call.place).value else {
                throw call.failure("the optional value is absent (optional.none() dereference)")
            }
            return value
        }
    }
}

extension Value {
    /// The value that its type starts from.
    fileprivate var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let truth): !truth
        case .int(let number): number == 0
        case .uint(let number): number == 0
        case .double(let number): number == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let list): list.isEmpty
        case .map(let map): map.isEmpty
        case .timestamp(let time): time.seconds == 0 && time.nanoseconds == 0
        case .duration(let duration): duration == .zero
        case .type: false
        case .optional(let optional): optional.value == nil
        }
    }
}
