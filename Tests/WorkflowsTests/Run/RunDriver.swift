import Testing
import Workflows

/// A run under test: applies events, and after each compares it with what its history rebuilds.
struct RunDriver {
    static let now = Timestamp(microseconds: 1_700_000_000_000_000)
    static let id = RunID(at: now, random: RunID.Bytes(high: 7, low: 9))

    private(set) var run: RunState
    private(set) var history: [StepTransition] = []
    /// Steps with a token, as the shell has been told.
    private(set) var tokens: Set<Int32> = []
    /// Steps with a due time.
    private(set) var dues: Set<Int32> = []
    private(set) var ending: (lifecycle: RunLifecycle, output: String?, failure: StepFailure?)?
    private(set) var effects: [RunEffect] = []

    /// A run of a definition, given by what follows its name.
    init(_ body: String, input: String = "{}", depth: Int32 = 0) throws {
        let workflow = try Workflow(parsing: Array("name: test\n\(body)\n".utf8), file: "test.yaml")
        self.init(workflow.plan, input: input, depth: depth)
    }

    init(_ plan: Plan, input: String = "{}", depth: Int32 = 0) {
        run = RunState(
            plan: plan, context: RunContext(run: Self.id, input: Array(input.utf8), depth: depth))
    }

    /// Applies an event; answers its effects in short.
    @discardableResult
    mutating func apply(
        _ event: RunEvent, random: UInt64 = 0, after time: Duration = .zero,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        effects = try run.apply(event, at: Self.now + time, random: random)
        for effect in effects { follow(effect, sourceLocation) }
        let rebuilt = compare(history, sourceLocation)
        // As stores give it back.
        _ = compare(
            history.sorted { ($0.revision, $0.step, $0.attempt) < ($1.revision, $1.step, $1.attempt) }, sourceLocation)
        if !run.lifecycle.isEnded { #expect(rebuilt.failure == run.failure, sourceLocation: sourceLocation) }
        let live = run.statuses.indices.filter { if case .live = run.statuses[$0] { true } else { false } }
        #expect(Set(live.map(Int32.init)) == tokens, "each live step has one token", sourceLocation: sourceLocation)
        #expect(tokens.count == run.liveCount, sourceLocation: sourceLocation)
        let keys = history.map { [Int64($0.step), Int64($0.attempt), $0.revision] }
        #expect(Set(keys).count == keys.count, "no two lines have one key", sourceLocation: sourceLocation)
        if run.lifecycle.isEnded { #expect(tokens.isEmpty && ending != nil, sourceLocation: sourceLocation) }
        return effects.map(\.brief)
    }

    private func compare(_ history: [StepTransition], _ sourceLocation: SourceLocation) -> RunState {
        let rebuilt = RunState(
            plan: run.plan, context: run.context, lifecycle: run.lifecycle, revision: run.revision, history: history)
        #expect(rebuilt.statuses == run.statuses, sourceLocation: sourceLocation)
        #expect(rebuilt.outputs == run.outputs, sourceLocation: sourceLocation)
        #expect(rebuilt.outcomeKeys == run.outcomeKeys, sourceLocation: sourceLocation)
        #expect(
            rebuilt.generation == run.generation && rebuilt.attemptFloor == run.attemptFloor
                && rebuilt.editedInputs == run.editedInputs, sourceLocation: sourceLocation)
        #expect(rebuilt.waits == run.waits && rebuilt.decisions == run.decisions, sourceLocation: sourceLocation)
        #expect(rebuilt.stage == run.stage && rebuilt.stopping == run.stopping, sourceLocation: sourceLocation)
        #expect(
            rebuilt.liveCount == run.liveCount && rebuilt.endedCount == run.endedCount, sourceLocation: sourceLocation)
        #expect(
            run.statuses.indices.allSatisfy { rebuilt.name(of: Int32($0)) == run.name(of: Int32($0)) },
            sourceLocation: sourceLocation)
        return rebuilt
    }

    private mutating func follow(_ effect: RunEffect, _ sourceLocation: SourceLocation) {
        switch effect {
        case .record(let transition):
            history.append(transition)
            switch transition.state {
            // An outcome takes the attempt's token with it.
            case .succeeded, .failed, .scheduled, .expanded, .skipped:
                if run.waits[transition.step] == nil { tokens.remove(transition.step) }
            case .pending, .ready, .running, .waiting, .held, .cancelled, .lost, .signalled, .decided, .entered,
                .reopened, .carried:
                break
            }
        case .ready(let step, _), .wait(let step, _):
            #expect(tokens.insert(step).inserted, "step \(step) has one token", sourceLocation: sourceLocation)
        case .retry(let step, _, _): tokens.insert(step)
        case .endWait(let step): tokens.remove(step)
        case .setDue(let step, _): dues.insert(step)
        case .moveDue(let step, _):
            #expect(dues.contains(step), "what is put off was set", sourceLocation: sourceLocation)
        case .clearDue(let step): dues.remove(step)
        case .dropSteps(let steps):
            #expect(tokens.isSuperset(of: steps), "what is dropped is there", sourceLocation: sourceLocation)
            tokens.subtract(steps)
            dues.subtract(steps)
        case .dropTokens(let expected):
            #expect(tokens.count == expected, sourceLocation: sourceLocation)
            tokens = []
            dues = []
        case .reopened:
            #expect(ending?.lifecycle == .failed, sourceLocation: sourceLocation)
            ending = nil
        case .ended(let lifecycle, let output, let failure):
            #expect(ending == nil, "a run ends once", sourceLocation: sourceLocation)
            #expect(dues.isEmpty, "nothing falls due after the end", sourceLocation: sourceLocation)
            ending = (lifecycle, output.map { String(decoding: $0, as: UTF8.self) }, failure)
        case .setDeadline, .pauseTokens, .resumeTokens, .startChild, .cancelChild, .emit, .seek, .settleOutcome: break
        }
    }

    // MARK: Events by step id

    func step(_ id: String) throws -> Int32 { try #require(run.plan.index(of: id)) }

    @discardableResult
    mutating func succeed(
        _ step: Int32, _ output: String = "{}", sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        try apply(
            .attemptSucceeded(step: step, attempt: 1, output: Array(output.utf8)), sourceLocation: sourceLocation)
    }

    @discardableResult
    mutating func succeed(
        _ id: String, _ output: String = "{}", sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        try succeed(try step(id), output, sourceLocation: sourceLocation)
    }

    @discardableResult
    mutating func fail(
        _ step: Int32, kind: StepFailure.Kind = .error, code: String = "", retryable: Bool = false, attempt: Int32 = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let failure = StepFailure(kind: kind, code: code, message: "boom", retryable: retryable)
        return try apply(
            .attemptFailed(step: step, attempt: attempt, failure: failure), sourceLocation: sourceLocation)
    }

    @discardableResult
    mutating func fail(
        _ id: String, kind: StepFailure.Kind = .error, code: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        try fail(try step(id), kind: kind, code: code, sourceLocation: sourceLocation)
    }

    func input(_ step: Int32) throws -> String { String(decoding: try run.makeInput(of: step), as: UTF8.self) }

    func output(_ id: String) throws -> String? {
        run.outputs[try step(id)].map { String(decoding: $0, as: UTF8.self) }
    }

    func status(_ id: String) throws -> StepStatus? { run.status(of: try step(id)) }
}

extension RunEffect {
    /// In short: `ready 1`, `skipped 2 condition_false`, `ended failed`.
    var brief: String {
        switch self {
        case .record(let row): "\(row.state.text) \(row.step)\(row.failure.map { " \($0.code)" } ?? "")"
        case .ready(let step, let attempt): attempt == 0 ? "ready \(step)" : "ready \(step) after \(attempt)"
        case .retry(let step, _, _): "retry \(step)"
        case .wait(let step, let request): "wait \(step) \(request.kind.text)"
        case .endWait(let step): "end wait \(step)"
        case .setDue(let step, let delay): "due \(step) \(delay.shortText)"
        case .moveDue(let step, let delay): "put off \(step) \(delay.shortText)"
        case .clearDue(let step): "clear due \(step)"
        case .setDeadline: "deadline"
        case .dropSteps(let steps): "drop \(steps)"
        case .dropTokens(let expected): "drop \(expected)"
        case .pauseTokens: "pause"
        case .resumeTokens: "resume"
        case .reopened(let by): "reopened by \(by)"
        case .startChild(let child): "child of \(child.parent.step) \(child.workflow)"
        case .cancelChild: "cancel child"
        case .emit(let emission): "emit \(emission.name)"
        case .seek(let request): "seek \(request.step)"
        case .settleOutcome(let settlement):
            settlement.success == nil ? "free \(settlement.step)" : "leave \(settlement.step)"
        case .ended(let lifecycle, _, _): "ended \(lifecycle.text)"
        }
    }
}
