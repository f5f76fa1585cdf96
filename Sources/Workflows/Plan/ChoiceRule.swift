public import Expressions
public import JSON

/// `uses: switch`: the first case that holds names the steps that run; those of the others are skipped.
public struct ChoiceRule: Sendable {
    public struct Case: Sendable {
        /// Holds when the switch's value equals this.
        public var equals: JSONValue?
        /// Holds when this is true.
        public var condition: Expression?
        /// Indices of steps that need the switch.
        public var then: [Int32]

        public init(equals: JSONValue? = nil, condition: Expression? = nil, then: [Int32]) {
            self.equals = equals
            self.condition = condition
            self.then = then
        }
    }

    public var value: Template?
    public var cases: [Case]
    /// When no case holds.
    public var otherwise: [Int32]

    public init(value: Template? = nil, cases: [Case], otherwise: [Int32] = []) {
        self.value = value
        self.cases = cases
        self.otherwise = otherwise
    }

    /// Every step that some case names.
    var targets: Set<Int32> { Set(cases.flatMap(\.then) + otherwise) }
}
