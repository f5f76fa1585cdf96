/// What a run was started with, and expressions may read.
public struct RunContext: Hashable, Sendable {
    /// `run.id`; `nil` in tests that do not care.
    public var run: RunID?
    /// `inputs`: JSON text of an object, checked and filled with defaults.
    public var input: [UInt8]

    public init(run: RunID? = nil, input: [UInt8] = Array("{}".utf8)) {
        self.run = run
        self.input = input
    }
}
