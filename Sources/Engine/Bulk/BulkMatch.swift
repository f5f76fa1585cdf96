public import Filters
public import Workflows

/// The runs that a job would be done to.
public struct BulkMatch: Sendable {
    public var items: [BulkItem] = []
    /// Of redrives: runs of child workflows, which their parents start anew.
    public var children = 0
    /// Of redrives: runs whose chain of replays is as long as it may be.
    public var exhausted = 0
    /// Of redrives: how often the run with the longest chain was redriven before.
    public var longestChain: Int32 = 0
    /// There are more runs than a job takes.
    public var isCut = false

    public init() {}
}

extension BulkMatch {
    /// Looks for them.
    ///
    /// - Parameter filter: Over runs; of redrives, over dead letters.
    public init(
        _ order: BulkJob.Order, filter: [FilterPredicate], runs: any RunReader, letters: any DeadLetterReader,
        tenant: TenantID
    ) async throws(StoreError) {
        self.init()
        if order.action == .redrive {
            try await findLetters(order, filter, letters, tenant)
        } else {
            try await findRuns(order, filter, runs, tenant)
        }
    }

    private mutating func findRuns(
        _ order: BulkJob.Order, _ filter: [FilterPredicate], _ reader: any RunReader, _ tenant: TenantID
    ) async throws(StoreError) {
        var query = RunQuery(states: order.action.states, limit: 1000)
        repeat {
            let page = try await reader.page(query, passing: filter, tenant: tenant)
            for run in page.runs { append(run.key.run, generation: 0) }
            query.before = page.next
        } while query.before != nil && !isCut
    }

    private mutating func findLetters(
        _ order: BulkJob.Order, _ filter: [FilterPredicate], _ reader: any DeadLetterReader, _ tenant: TenantID
    ) async throws(StoreError) {
        let open = FilterPredicate(
            subject: .property(DeadLetter.Property.state.rawValue, name: nil), texts: ["open"])
        var seen: Set<RunID> = []
        var position: DeadLetterPosition?
        repeat {
            let page = try await reader.deadLetters(
                passing: filter + [open], before: position, limit: 1000, tenant: tenant)
            for letter in page.letters where seen.insert(letter.row.key.run).inserted {
                longestChain = max(longestChain, letter.row.generation)
                if letter.row.isChild {
                    children += 1
                } else if letter.row.generation >= order.mostReplays {
                    exhausted += 1
                } else {
                    append(letter.row.key.run, generation: letter.row.generation)
                }
            }
            position = page.next
        } while position != nil && !isCut
    }

    private mutating func append(_ run: RunID, generation: Int32) {
        guard items.count < BulkJob.mostRuns else {
            isCut = true
            return
        }
        items.append(BulkItem(number: Int32(items.count + 1), run: run, generation: generation))
    }
}
