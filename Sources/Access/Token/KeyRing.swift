import Synchronization

/// The keys that are taken now; replaced as a whole when they are rotated.
public final class KeyRing: Sendable {
    private let current: Mutex<KeySet?>

    /// - Parameter keys: `nil` where they are not known yet: then no token is taken.
    public init(_ keys: KeySet?) { current = Mutex(keys) }

    /// Tokens of keys that are not in the new set are refused from now on, where nobody remembers them.
    public func replace(_ keys: KeySet?) { current.withLock { $0 = keys } }

    /// The names of the keys, sorted; none while they are not known.
    public var ids: [String] { current.withLock { $0?.ids ?? [] } }

    subscript(id: String) -> JOSEKey? { current.withLock { $0?[id] } }
}
