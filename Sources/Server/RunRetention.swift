import Engine
import Logging
import PostgresStore

/// Removes what is older than its tenant's days.
struct RunRetention: Sendable {
    let store: PostgresStore
    let logger: Logger

    func run() async throws {
        while true {
            do throws(StoreError) {
                let removed = try await store.removeExpired()
                if removed != RemovedRuns() {
                    logger.info(
                        "old runs were removed",
                        metadata: ["runs": "\(removed.runs)", "runs_with_logs_removed": "\(removed.logs)"])
                }
            } catch {
                logger.error("old runs stay", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .seconds(600))
        }
    }
}
