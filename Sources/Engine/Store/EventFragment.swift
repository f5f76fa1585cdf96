public import Workflows

/// One run's part of an event row: compact JSON, because each commit carries many and SQL concatenates them.
///
/// `{"r":"<uuid>","v":<revision>,"s":"<lifecycle>","f":<flow version>,"t":[[<step>,"<state>",<attempt>],…]}`;
/// `v`, `s` and `f` are left out by token moves (claim, rescue, timer), which do not touch the run.
public struct EventFragment: Sendable {
    public struct StepChange: Sendable {
        public var step: Int32
        public var state: StepState
        public var attempt: Int32

        public init(step: Int32, state: StepState, attempt: Int32) {
            self.step = step
            self.state = state
            self.attempt = attempt
        }
    }

    public var run: RunID
    public var revision: Int64?
    public var state: RunLifecycle?
    public var flow: FlowVersionID?
    public var steps: [StepChange]

    public init(run: RunID, revision: Int64?, state: RunLifecycle?, flow: FlowVersionID?, steps: [StepChange]) {
        self.run = run
        self.revision = revision
        self.state = state
        self.flow = flow
        self.steps = steps
    }
}
