public import Engine
public import Filters
internal import Postgres
public import Workflows

extension PostgresStore {
    /// Runs that one page looks at.
    static let runsLookedAt: Int64 = 32_768
    /// Runs that one statement looks at. It begins small, for filters that much passes.
    private static let firstLook: Int64 = 256
    private static let longestLook: Int64 = 8_192

    public func page(
        _ query: RunQuery, passing filter: [FilterPredicate], tenant: TenantID
    ) async throws(StoreError) -> RunPage {
        let limit = max(1, min(query.limit, 1000))
        guard !filter.isEmpty else {
            var wanted = query
            wanted.limit = limit + 1
            let found = try await runs(wanted, tenant: tenant)
            let page = Array(found.prefix(limit))
            return RunPage(runs: page, next: found.count > limit ? page.last?.key.run : nil)
        }
        var terms = filter
        if let workflow = query.workflow {
            terms.append(
                FilterPredicate(
                    subject: .property(RunQuery.Property.workflow.rawValue, name: nil), texts: [workflow]))
        }
        return try await page(RunFilterTerms(terms, states: query.states), before: query.before, limit, tenant)
    }

    private func page(
        _ terms: RunFilterTerms, before: RunID?, _ limit: Int, _ tenant: TenantID
    ) async throws(StoreError) -> RunPage {
        guard !terms.states.isEmpty else { return RunPage(runs: [], next: nil) }
        let source =
            terms.states.count == RunLifecycle.allCases.count
            ? FilteredListStatement.every : FilteredListStatement.byState
        let ended = terms.states.filter(\.isEnded).map(\.rawValue)
        let active = terms.states.filter { !$0.isEnded }.map(\.rawValue)
        let from = terms.from?.uuid ?? PostgresUUID(high: 0, low: 0)
        let asked = terms.terms
        let newest = [before, terms.before].compactMap { $0 }.min()
        return try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            var before = newest?.uuid ?? PostgresUUID(high: .max, low: .max)
            var page = RunPage(runs: [], next: nil)
            var left = Self.runsLookedAt
            var look = max(Self.firstLook, Int64(4 * limit))
            while true {
                look = min(look, left, Self.longestLook)
                let rows = try await scope.execute(
                    source, tenant.value, before, from, look, Int64(limit + 1 - page.runs.count), ended, active,
                    asked.subjects, asked.names, asked.negations, asked.terms, asked.texts, asked.patterns,
                    asked.least, asked.below)
                page.next = nil
                for row in rows {
                    let summary = try RunSummary(row)
                    if try row.decode(FilteredListStatement.passes, as: Bool.self) { page.runs.append(summary) }
                    if try row.decode(FilteredListStatement.isLast, as: Bool.self) { page.next = summary.key.run }
                }
                if page.runs.count > limit {
                    page.runs.removeLast(page.runs.count - limit)
                    page.next = page.runs.last?.key.run
                    return page
                }
                left -= look
                guard left > 0, let last = page.next else { return page }
                before = last.uuid
                look *= 4
            }
        }
    }
}
