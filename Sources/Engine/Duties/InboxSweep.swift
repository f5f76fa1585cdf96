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
        for message in messages {
            let kind: LaneCommand.Kind
            switch message.command {
            case .cancel(let reason): kind = .cancel(reason: reason)
            }
            parts.router.submitOwn(
                LaneCommand(
                    key: message.id.key, kind: kind, inbox: message.id, acceptedAt: parts.clock.now, reply: .none))
        }
        return messages.count
    }
}
