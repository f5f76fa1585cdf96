import Access
import Synchronization

/// Why a stream is ended before its time.
enum StreamEnding: Sendable {
    /// The node stops.
    case draining
    /// Its principal's token or key has ended, was revoked, or may now do something else.
    case access
}

/// Streams that end only when somebody ends them, each with who reads or writes it.
final class OpenStreams: Sendable {
    private struct Entry {
        var identity: Identity
        var end: @Sendable (StreamEnding) -> Void
    }

    private struct State {
        var next = 0
        var isDraining = false
        var open: [Int: Entry] = [:]
    }

    private let state = Mutex(State())

    /// Registers how to end a stream; at once when everything is being drained.
    func insert(_ identity: Identity, _ end: @escaping @Sendable (StreamEnding) -> Void) -> Int {
        let (id, endNow) = state.withLock { state in
            state.next += 1
            if !state.isDraining { state.open[state.next] = Entry(identity: identity, end: end) }
            return (state.next, state.isDraining)
        }
        if endNow { end(.draining) }
        return id
    }

    func remove(_ id: Int) { state.withLock { _ = $0.open.removeValue(forKey: id) } }

    func drain() {
        let all = state.withLock { state in
            state.isDraining = true
            defer { state.open = [:] }
            return Array(state.open.values)
        }
        for entry in all { entry.end(.draining) }
    }

    /// Who has a stream open.
    var tenants: Set<Int32> { state.withLock { Set($0.open.values.map(\.identity.tenant)) } }

    /// Whose streams of these tenants are open; each identity once.
    func identities(of tenants: Set<Int32>) -> [Identity] {
        let found = state.withLock { state in
            state.open.values.filter { tenants.contains($0.identity.tenant) }.map(\.identity)
        }
        var seen: Set<ObjectIdentifier> = []
        return found.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Ends the streams of an identity that no longer stands.
    func end(_ identity: Identity) { end(where: { $0 === identity }) }

    /// Ends the streams whose token or key has ended.
    ///
    /// - Parameter now: seconds since 1970.
    func endExpired(now: Int64) { end(where: { $0.principal.expiresAt <= now }) }

    private func end(where isOver: (Identity) -> Bool) {
        let ended = state.withLock { state in
            let ids = state.open.filter { isOver($0.value.identity) }.map(\.key)
            return ids.compactMap { state.open.removeValue(forKey: $0) }
        }
        for entry in ended { entry.end(.access) }
    }
}
