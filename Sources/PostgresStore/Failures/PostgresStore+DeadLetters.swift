public import Engine
public import Filters
internal import Postgres
public import Workflows

extension PostgresStore: DeadLetterReader {
    /// Letters that one page looks at, and those that one statement does.
    private static let lettersLookedAt: Int64 = 32_768
    private static let lettersAtOnce: Int64 = 4_096

    public func deadLetters(
        passing filter: [FilterPredicate], before position: DeadLetterPosition?, limit: Int, tenant: TenantID
    ) async throws(StoreError) -> DeadLetterPage {
        let terms = FilterTerms(deadLetters: filter)
        let limit = max(1, min(limit, 1000))
        return try await reader(of: tenant.value) { (connection) throws(PostgresError) in
            var page = DeadLetterPage(letters: [], next: position)
            var left = Self.lettersLookedAt
            while true {
                let look = min(left, Self.lettersAtOnce)
                let last = page.next
                let rows = try await connection.execute(
                    DeadLetterStatement.list, tenant.value, last?.at.postgres ?? PostgresTimestamp(microseconds: .max),
                    last?.id.run.uuid ?? PostgresUUID(high: .max, low: .max), last?.id.revision ?? .max, look,
                    Int64(limit + 1 - page.letters.count), terms.subjects, terms.names, terms.negations, terms.terms,
                    terms.texts, terms.patterns, terms.least, terms.below)
                page.next = nil
                for row in rows {
                    let letter = try DeadLetter(row)
                    if try row.decode(DeadLetterStatement.passes, as: Bool.self) { page.letters.append(letter) }
                    if try row.decode(DeadLetterStatement.passes + 1, as: Bool.self) { page.next = letter.position }
                }
                left -= look
                if page.letters.count > limit {
                    page.letters.removeLast(page.letters.count - limit)
                    page.next = page.letters.last?.position
                    return page
                }
                guard page.next != nil, left > 0 else { return page }
            }
        }
    }

    public func deadLetter(
        _ id: DeadLetterID, tenant: TenantID
    ) async throws(StoreError) -> (letter: DeadLetter, attempts: [TransitionRow])? {
        let letter = try await reader(of: tenant.value) { (connection) throws(PostgresError) in
            try await connection.execute(DeadLetterStatement.one, tenant.value, id.run.uuid, id.revision).first
                .map { (row) throws(PostgresError) in try DeadLetter(row) }
        }
        guard let letter else { return nil }
        let history = try await run(letter.row.key)?.history ?? []
        let last = letter.row.attempt > 0 ? letter.row.attempt : .max
        let attempts = history.filter { row in
            let transition = row.transition
            guard transition.step == letter.row.step, transition.attempt > 0 else { return false }
            // A lost attempt is of no revision.
            return transition.state == .lost
                ? transition.attempt < last : transition.revision <= letter.row.revision
        }
        return (letter, attempts)
    }
}
