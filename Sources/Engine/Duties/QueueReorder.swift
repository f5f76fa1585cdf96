import Telemetry
import Workflows

/// Gives the tokens of queues whose order has changed their new ranks, in bounded pages.
///
/// A node that has not heard of the change yet may still write a rank of the old order. So a queue is walked until a
/// walk has begun when every node must have read the settings anew.
struct QueueReorder: Sendable {
    let parts: EngineParts

    /// How many queues were walked.
    func runOnce() async throws(StoreError) -> Int {
        let reordered = try await parts.store.reorderedQueues()
        for queue in reordered {
            try await parts.queues.load([queue.queue.id])
            try await walk(queue.queue)
            if queue.age >= parts.configuration.queueRefreshInterval * 2 {
                try await parts.store.finishReordering(queue.queue.id, version: queue.queue.version)
            }
        }
        return reordered.count
    }

    private func walk(_ queue: QueueRecord) async throws(StoreError) {
        let limit = parts.configuration.reorderLimit
        var cursor: HeldAttempt?
        while true {
            let page = try await parts.store.tokens(of: queue.id, after: cursor, limit: limit)
            var changed: [RankedToken] = []
            var flows: [FlowVersionID: FlowPlan] = [:]
            for flow in Set(page.map(\.flow)) { flows[flow] = try await plan(flow) }
            let steps = try await planned(page, flows)
            for token in page {
                guard let flow = flows[token.flow], let step = steps[token.place] else { continue }
                var token = token
                let rank = queue.settings.order.rank(
                    of: flow.standing(of: step, run: token.key, urgency: token.urgency))
                guard rank != token.rank else { continue }
                token.rank = rank
                changed.append(token)
            }
            if !changed.isEmpty {
                parts.dispatcher.wake(try await parts.store.setRanks(changed, queue: queue.id))
                parts.metrics.rerankedTokens.add(UInt64(changed.count))
            }
            guard page.count >= limit, let last = page.last else { return }
            cursor = HeldAttempt(key: last.key, step: last.step, attempt: 0)
        }
    }

    /// The step of the plan that each token's step is or was made of; none for runs that are gone meanwhile.
    private func planned(
        _ page: [RankedToken], _ flows: [FlowVersionID: FlowPlan]
    ) async throws(StoreError) -> [HeldAttempt: Int32] {
        var steps: [HeldAttempt: Int32] = [:]
        var made: [RankedToken] = []
        for token in page {
            guard let flow = flows[token.flow] else { continue }
            let known = parts.directory.cache(of: token.key)[token.key]
            if flow.plan.steps.indices.contains(Int(token.step)) {
                steps[token.place] = token.step
            } else if let step = known?.withContents({ $0.run.templateIndex(of: token.step) }) {
                steps[token.place] = step
            } else {
                made.append(token)
            }
        }
        let runs = try await parts.directory.fresh(Set(made.map(\.key)))
        for token in made {
            steps[token.place] = runs[token.key]?.withContents { $0.run.templateIndex(of: token.step) }
        }
        return steps
    }

    /// `nil` for a definition that does not compile any more: its tokens keep their ranks.
    private func plan(_ flow: FlowVersionID) async throws(StoreError) -> FlowPlan? {
        do {
            return try await parts.plans.plan(flow)
        } catch {
            guard case .refused = error else { throw error }
            return nil
        }
    }
}

extension RankedToken {
    fileprivate var place: HeldAttempt { HeldAttempt(key: key, step: step, attempt: 0) }
}
