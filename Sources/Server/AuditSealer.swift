import Audit
import Glibc
import Logging
import Secrets
import Supervision
import Synchronization

/// Seals what is committed to the audit log, at most once a second, and exports signed heads of the chain.
///
/// Every node has one; the database lets one at a time seal. It looks when something was announced, and now and then
/// without that, so an idle node asks the database next to nothing.
final class AuditSealer: Sendable {
    static let period = Duration.seconds(1)
    /// Between two looks that nothing has asked for.
    static let idlePeriod = Duration.seconds(10)
    /// Records of one seal.
    private static let limit = 1000
    /// How old the last seal must be for one that has only events: there are some with every commit.
    private static let eventsAfter = Duration.seconds(30)
    private static let upkeep = Duration.seconds(3600)

    private let chain: any AuditChain
    private let keys: NamedKeys?
    private let source: AuditKeySource
    private let logger: Logger
    private let wakes = Signal()
    /// The last head that was exported, and when.
    private let exported = Mutex<(number: Int64, at: ContinuousClock.Instant)?>(nil)

    init(chain: any AuditChain, source: AuditKeySource, logger: Logger) throws {
        self.chain = chain
        self.source = source
        self.logger = logger
        keys = try source.keys()
    }

    /// Something was committed that is to be sealed.
    func wake() { wakes.raise() }

    /// Seals until the task is cancelled.
    func run() async throws {
        guard keys != nil else {
            logger.warning(
                "the audit log is not sealed: this node has no audit key; name its file in BEAMLINE_AUDIT_KEY_FILE")
            return try await keepUp()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.keepUp() }
            group.addTask {
                while true {
                    try await Task.sleep(for: Self.idlePeriod)
                    self.wake()
                }
            }
            group.addTask {
                var isFailing = false
                while true {
                    await self.wakes.wait()
                    try Task.checkCancellation()
                    do {
                        try await self.sealAll()
                        isFailing = false
                    } catch {
                        if !isFailing {
                            self.logger.warning("the audit log cannot be sealed", metadata: ["error": "\(error)"])
                        }
                        isFailing = true
                    }
                    try await Task.sleep(for: Self.period)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Seals all that is there, and exports the head if its time has come.
    func sealAll() async throws {
        guard let keys else { return }
        while true {
            let sealing = try await chain.seal(limit: Self.limit, eventsAfter: Self.eventsAfter) {
                AuditSeal($0, events: $1, after: $2, at: $3, under: keys)
            }
            switch sealing {
            case .busy: return
            case .idle(let last):
                if let last { try export(last, keys) }
                return
            case .sealed(let seal, let isFull):
                try export(seal, keys)
                if !isFull { return }
            }
        }
    }

    private func export(_ seal: AuditSeal, _ keys: NamedKeys) throws {
        let now = ContinuousClock.now
        let isDue = exported.withLock { last in
            guard let last else { return true }
            return seal.number != last.number && now - last.at >= source.headInterval
        }
        guard isDue else { return }
        let head = AuditHead(seal, under: keys)
        if let file = source.headsFile { try DurableFile.append(Array("\(head.line)\n".utf8), to: file) }
        exported.withLock { $0 = (seal.number, now) }
        logger.info("head of the audit log", metadata: ["head": "\(head.line)"])
    }

    /// Makes partitions ahead and drops old months.
    private func keepUp() async throws {
        while true {
            do {
                // Without keys nothing may be dropped: the gap could not be told from a deletion.
                let months = keys == nil ? nil : source.keptMonths
                try await chain.maintainAudit(keepingMonths: months) { [keys] before, now in
                    guard let keys else { preconditionFailure("months are dropped only under a key") }
                    return AuditHorizon(before: before, at: now, under: keys)
                }
            } catch {
                logger.warning("the months of the audit log cannot be kept up", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: Self.upkeep)
        }
    }
}
