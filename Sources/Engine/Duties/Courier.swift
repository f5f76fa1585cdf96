import Supervision
import Synchronization

/// Messages that this node has just written to the inbox, for the sweep that delivers them at once. They are durable:
/// what is forgotten here is found in the inbox.
final class Courier: Sendable {
    private let messages = Mutex<[InboxMessage]>([])
    /// Raised when there is something to deliver.
    let wake = Signal()

    /// More than so many are left to the inbox.
    private static let limit = 10_000

    func take(_ new: [InboxMessage]) {
        messages.withLock { messages in
            if messages.count < Self.limit { messages += new }
        }
        wake.raise()
    }

    func drain() -> [InboxMessage] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
