import Synchronization

/// The keys that are taken now; replaced as a whole when they are rotated.
public final class KeyRing: Sendable {
    private let current: Mutex<KeySet>

    public init(_ keys: KeySet) { current = Mutex(keys) }

    /// Tokens of keys that are not in the new set are refused from now on, where nobody remembers them.
    public func replace(_ keys: KeySet) { current.withLock { $0 = keys } }

    subscript(id: String) -> JOSEKey? { current.withLock { $0[id] } }
}
