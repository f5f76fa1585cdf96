import Postgres
import TestSupport

/// A fresh database on the shared cluster, dropped afterwards.
func withDatabase<Answer>(_ body: (PostgresConnection.Options) async throws -> Answer) async throws -> Answer {
    let cluster = try await PostgresCluster.shared()
    let name = try await cluster.makeDatabase()
    let outcome: Result<Answer, any Error>
    do {
        outcome = .success(try await body(cluster.options(database: name)))
    } catch {
        outcome = .failure(error)
    }
    try await cluster.dropDatabase(name)
    return try outcome.get()
}

/// Runs `body` beside something that runs until it is cancelled.
func running<Answer: Sendable>(
    _ service: @escaping @Sendable () async throws -> Void, _ body: () async throws -> Answer
) async throws -> Answer {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            do { try await service() } catch is CancellationError {}
        }
        let answer = try await body()
        group.cancelAll()
        return answer
    }
}

struct TimedOut: Error {}

/// Looks again and again, for at most a minute, until `condition` holds.
func until(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut() }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// The kind of the error that `body` throws, nil if it throws none.
func kind(_ body: () async throws -> Void) async throws -> PostgresError.Kind? {
    do {
        try await body()
        return nil
    } catch let error as PostgresError {
        return error.kind
    }
}
