/// What a failed run goes on with: a new generation, in which its failed steps begin once more.
public struct Reopening: Hashable, Sendable {
    /// The generation that has failed. A run that was reopened since refuses, so that asking twice is asking once.
    public var generation: Int32
    /// JSON text of objects, by the task's step, in place of what the definition makes.
    public var inputs: [Int32: [UInt8]]
    /// Who asked.
    public var by: String

    public init(generation: Int32, inputs: [Int32: [UInt8]] = [:], by: String) {
        self.generation = generation
        self.inputs = inputs
        self.by = by
    }
}
