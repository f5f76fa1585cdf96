import Telemetry
import Workflows

/// Applies durable messages to runs that nobody applied at once.
struct InboxSweep: Sendable {
    let parts: EngineParts

    func runOnce() async throws(StoreError) -> Int {
        let configuration = parts.configuration
        let messages = try await parts.store.readInbox(
            limit: configuration.inboxLimit, olderThan: configuration.inboxAge)
        parts.metrics.inboxMessages.add(UInt64(messages.count))
        parts.router.submit(messages, acceptedAt: parts.clock.now)
        return messages.count
    }
}
