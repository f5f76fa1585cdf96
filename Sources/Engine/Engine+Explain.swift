import Workflows

/// Why something of a run does not go on.
public struct Explanation: Sendable, Hashable {
    /// `nil`: the run itself.
    public var step: String?
    public var reason: WaitReason

    public init(step: String?, reason: WaitReason) {
        self.step = step
        self.reason = reason
    }
}

extension Engine {
    /// Why each step of a run that has not ended does not go on, in the order of their numbers; of a queued run, why the
    /// run does not start.
    ///
    /// - Throws: `run_not_found`, `run_ended`.
    public func explain(_ key: RunKey) async throws(EngineError) -> [Explanation] {
        do {
            guard let record = try await parts.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first,
                let flow = try await parts.plans.plan(record.flow)
            else { throw EngineError(.runNotFound, "there is no run \(key.run)") }
            guard !record.state.isEnded else { throw EngineError(.runEnded, "run \(key.run) has ended already") }
            let evidence = try await parts.store.evidence(of: key)
            return RunEntry(record, flow: flow).explanations(evidence)
        } catch let error as EngineError {
            throw error
        } catch let error as StoreError {
            throw .unavailable(error)
        } catch {
            throw EngineError(.refused, "\(error)")
        }
    }
}

extension RunEntry {
    /// Puts the tokens' evidence beside what the plan says of the steps that have none.
    func explanations(_ evidence: [StepEvidence]) -> [Explanation] {
        let tokens = Dictionary(evidence.map { ($0.step, $0.place) }) { first, _ in first }
        if let place = tokens[HeldRow.run] { return [Explanation(step: nil, reason: WaitReason(place))] }
        return withContents { $0.run.explanations(tokens) }
    }
}

extension RunState {
    /// Steps of the plan first, then those that the run has made: of these, the ones with a token.
    fileprivate func explanations(_ tokens: [Int32: StepEvidence.Place]) -> [Explanation] {
        statuses.indices.compactMap { index in
            let step = Int32(index)
            let reason = tokens[step].map { WaitReason($0) } ?? reason(of: step)
            return reason.map { Explanation(step: name(of: step), reason: $0) }
        }
    }

    /// Why a step without a token does not go on; `nil` when it has ended, or nobody asks.
    private func reason(of step: Int32) -> WaitReason? {
        guard let status = status(of: step) else { return nil }
        switch status {
        case .live, .succeeded, .failed, .skipped, .cancelled: return nil
        case .open: return .parts(unended: unendedParts(of: step))
        case .pending:
            // Steps of handlers are made when one is needed; of those that were made, the handled step tells.
            guard let planned = plan.stage(of: step) else { return nil }
            guard planned <= stage else { return .stage(stage.rawValue) }
            let missing = plan.steps[Int(step)].needs.filter { !(self.status(of: $0)?.isEnded ?? true) }
            return .dependencies(missing.map { plan.steps[Int($0)].id })
        }
    }
}

extension StepStatus {
    fileprivate var isEnded: Bool {
        switch self {
        case .pending, .live, .open: false
        case .succeeded, .failed, .skipped, .cancelled: true
        }
    }
}
