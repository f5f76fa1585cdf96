import Access
import Logging
import Supervision
import Synchronization
import Telemetry

/// Makes a change of access felt on this node: what is remembered of the tenant is forgotten, and open streams whose
/// principal no longer stands are ended; those whose token has ended, too.
///
/// A change is heard of by a notification, and found without one by looking twice a second. While the database does not
/// answer, what is remembered goes on to be taken, up to each token's own end.
public final class AccessWatch: Sendable {
    static let period = Duration.milliseconds(500)
    /// Rounds in which the streams of a changed tenant are asked about: one that was let in just before the change may
    /// register just after it.
    private static let rounds = 4
    /// Rounds between two notes of when keys were last used.
    private static let roundsPerNote = 10

    private struct State {
        /// `nil` before the first look.
        var epochs: [Int32: Int64]?
        /// How many rounds each tenant's streams are still to be asked about.
        var pending: [Int32: Int] = [:]
        /// How many rounds everybody's streams are still to be asked about.
        var pendingForAll = 0
        var round = 0
        var isFailing = false
    }

    private let authenticator: Authenticator
    private let directory: any AccessDirectory
    private let streams: OpenStreams
    private let now: @Sendable () -> WallTime
    private let logger: Logger
    private let state = Mutex(State())
    private let wakes = Signal()

    init(parts: APIParts, streams: OpenStreams) {
        authenticator = parts.authenticator
        directory = parts.access
        self.streams = streams
        now = parts.now
        logger = parts.logger
    }

    /// Looks now: a change was announced.
    public func wake() { wakes.raise() }

    /// Keys of issuers have changed: whoever came with one that has left is to leave, too.
    public func keysChanged() {
        authenticator.forget(tenant: nil)
        state.withLock { $0.pendingForAll = Self.rounds }
        wake()
    }

    /// Looks until the task is cancelled.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                // Sleeping fails when the task is cancelled, and then there is nothing more to look for.
                while (try? await Task.sleep(for: Self.period)) != nil { wake() }
            }
            while true {
                await wakes.wait()
                if Task.isCancelled { break }
                await round()
            }
            group.cancelAll()
        }
        try Task.checkCancellation()
    }

    private func round() async {
        let seconds = now().microseconds / 1_000_000
        streams.endExpired(now: seconds)
        do {
            try await look(now: seconds)
            let isNoting = state.withLock { state in
                state.isFailing = false
                state.round += 1
                return state.round % Self.roundsPerNote == 0
            }
            if isNoting {
                let uses = authenticator.takeUses()
                if !uses.isEmpty { try await directory.noteUse(of: uses) }
            }
        } catch {
            // What changed meanwhile may be further back than the last minute.
            let isNews = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isNews { logger.warning("cannot look for changes of access", metadata: ["error": "\(error)"]) }
        }
    }

    private func look(now: Int64) async throws {
        let wasFailing = state.withLock { $0.isFailing || $0.epochs == nil }
        let epochs = try await directory.accessEpochs(recent: !wasFailing)
        let everybody = streams.tenants
        let (changed, asked) = state.withLock { state in
            let changed = epochs.filter { state.epochs?[$0.key] != $0.value }.map(\.key)
            state.epochs = (state.epochs ?? [:]).merging(epochs) { _, new in new }
            for tenant in changed { state.pending[tenant] = Self.rounds }
            var asked = Set(state.pending.keys)
            if state.pendingForAll > 0 {
                state.pendingForAll -= 1
                asked.formUnion(everybody)
            }
            state.pending = state.pending.compactMapValues { $0 > 1 ? $0 - 1 : nil }
            return (changed, asked)
        }
        for tenant in changed { authenticator.forget(tenant: tenant) }
        for identity in streams.identities(of: asked) {
            if try await !authenticator.stillStands(identity, now: now) { streams.end(identity) }
        }
    }
}
