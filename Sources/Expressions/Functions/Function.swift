/// A function, by the group that it belongs to. Which overload is meant depends on the values that it meets.
enum Function: Sendable {
    case core(CoreFunction)
    case text(TextFunction)
    case time(TimeFunction)
    case math(MathFunction)
    case collection(CollectionFunction)
    case coding(CodingFunction)
    case optional(OptionalFunction)

    struct Signature: Sendable {
        var function: Function
        /// Numbers of arguments that it takes, the receiver included.
        var arity: ClosedRange<Int>
    }

    var name: String {
        switch self {
        case .core(let function): function.rawValue
        case .text(let function): function.rawValue
        case .time(let function): function.rawValue
        case .math(let function): function.rawValue
        case .collection(let function): function.rawValue
        case .coding(let function): function.rawValue
        case .optional(let function): function.rawValue
        }
    }

    /// Functions that are called as `f(x)`.
    static let globals = table { $0.isGlobal }

    /// Functions that are called as `x.f()`.
    static let members = table { $0.isMember }

    private static func table(_ isWanted: (any FunctionGroup) -> Bool) -> [String: Signature] {
        var groups: [any FunctionGroup] = []
        groups += CoreFunction.allCases
        groups += TextFunction.allCases
        groups += TimeFunction.allCases
        groups += MathFunction.allCases
        groups += CollectionFunction.allCases
        groups += CodingFunction.allCases
        groups += OptionalFunction.allCases
        var table: [String: Signature] = [:]
        for function in groups where isWanted(function) {
            table[function.rawValue] = Signature(function: function.function, arity: function.arity)
        }
        return table
    }
}

/// Functions of one field.
protocol FunctionGroup: Sendable, CaseIterable, RawRepresentable<String> {
    var function: Function { get }
    var arity: ClosedRange<Int> { get }
    /// Called as `f(x)`; by default those whose name has a namespace.
    var isGlobal: Bool { get }
    /// Called as `x.f()`; by default the others.
    var isMember: Bool { get }
}

extension FunctionGroup {
    var isGlobal: Bool { rawValue.contains(".") }
    var isMember: Bool { !isGlobal }
}

extension Evaluator {
    mutating func call(
        _ function: Function, _ arguments: [Value], at place: Place
    ) throws(ExpressionError) -> Value {
        let call = Call(name: function.name, arguments: arguments, place: place)
        return switch function {
        case .core(let function): try self.call(function, call)
        case .text(let function): try self.call(function, call)
        case .time(let function): try self.call(function, call)
        case .math(let function): try self.call(function, call)
        case .collection(let function): try self.call(function, call)
        case .coding(let function): try self.call(function, call)
        case .optional(let function): try self.call(function, call)
        }
    }
}
