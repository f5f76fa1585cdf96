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
    /// Why each step of a run that has not ended does not go on, in the order of the definition; of a queued run, why the
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
        return withContents { contents in
            contents.run.plan.steps.enumerated().compactMap { index, step in
                if let place = tokens[Int32(index)] { return Explanation(step: step.id, reason: WaitReason(place)) }
                guard case .pending? = contents.run.status(of: Int32(index)) else { return nil }
                let missing = step.needs.filter { !(contents.run.status(of: $0)?.isEnded ?? true) }
                return Explanation(
                    step: step.id, reason: .dependencies(missing.map { contents.run.plan.steps[Int($0)].id }))
            }
        }
    }
}

extension StepStatus {
    fileprivate var isEnded: Bool {
        switch self {
        case .pending, .live: false
        case .succeeded, .failed, .skipped, .cancelled: true
        }
    }
}
