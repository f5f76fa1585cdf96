import Synchronization

/// One-time codes by which a browser gets a session without a token ever standing in a URL.
///
/// Only digests are kept, for five minutes and at most ``capacity`` of them; beyond that the oldest is forgotten. They
/// live in this process: the node that issued a code is the one that redeems it.
public final class SignInCodes: Sendable {
    /// How long a code is good for, in seconds.
    public static let lifetime: Int64 = 300
    private static let capacity = 1000

    private struct Entry {
        var digest: Digest
        var principal: Principal
        var expiresAt: Int64
    }

    /// In the order of their expiry.
    private let entries = Mutex<[Entry]>([])

    public init() {}

    /// A new code of 160 random bits for a session of this principal.
    ///
    /// - Parameter now: seconds since 1970.
    public func issue(
        for principal: Principal, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> (code: String, expiresAt: Int64) {
        let code = String(
            decoding: (0..<32).map { _ in alphabet[Int(truncatingIfNeeded: generator.next() & 31)] }, as: UTF8.self)
        let expiresAt = min(now + Self.lifetime, principal.expiresAt)
        let digest = Digest(of: code)
        entries.withLock { entries in
            entries.removeAll { $0.expiresAt <= now }
            if entries.count >= Self.capacity { entries.removeFirst() }
            entries.append(Entry(digest: digest, principal: principal, expiresAt: expiresAt))
        }
        return (code, expiresAt)
    }

    /// The principal of an unused code in its time; the code is used up by this.
    public func redeem(_ code: String, now: Int64) -> Principal? {
        let digest = Digest(of: code)
        return entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.digest == digest }) else { return nil }
            let entry = entries.remove(at: index)
            return now < entry.expiresAt ? entry.principal : nil
        }
    }
}

/// Crockford's base 32: no letters that people misread.
private let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
