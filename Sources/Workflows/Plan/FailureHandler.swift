public import Expressions

/// A part of `on_failure`: steps that run for a step that has failed for good.
public struct FailureHandler: Sendable {
    /// The step whose failure it takes; `nil`: any.
    public var step: Int32?
    /// A kind or a code of failures; `nil`: any.
    public var error: String?
    /// Its steps within `Plan.steps`.
    public var steps: Range<Int32>
    /// Those of them that need nothing.
    public internal(set) var roots: [Int32] = []
    /// When its steps have succeeded, the failed step succeeds with this output.
    public var recover: Template?

    public init(step: Int32? = nil, error: String? = nil, steps: Range<Int32>, recover: Template? = nil) {
        self.step = step
        self.error = error
        self.steps = steps
        self.recover = recover
    }

    func takes(_ failure: StepFailure, of step: Int32) -> Bool {
        guard self.step == nil || self.step == step else { return false }
        return error == nil || error == failure.kind.text || error == failure.code
    }
}
