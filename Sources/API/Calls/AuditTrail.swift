import Access
import Audit
import HTTP
import Logging
import Supervision
import Synchronization
import Telemetry

/// The audit log at the edge: says who asks for each control action, and records what was refused.
///
/// What an action changes is recorded where it is changed, in the same transaction. What changes no row is recorded here,
/// before it is answered. Refusals are gathered for a second, those that are alike as one record, so that asking in vain
/// costs the asker more than the log; beyond a bound they are counted only.
public final class AuditTrail: Sendable {
    static let period = Duration.seconds(1)
    private static let bound = 1000

    private struct Refusal: Hashable {
        var tenant: Int32
        var subject: String
        var operation: String
        var name: String?
    }

    private let log: any AuditLog
    private let logger: Logger
    private let dropped: Counter
    private let refusals = Mutex<[Refusal: AuditEntry]>([:])
    private let wakes = Signal()

    init(parts: APIParts) {
        log = parts.audit
        logger = parts.logger
        dropped = parts.metrics.counter(
            "beamline_audit_refusals_dropped_total", help: "Refused requests that the audit log had no room for.")()
    }

    /// Writes refusals until the task is cancelled, and what is there then.
    public func run() async throws {
        do {
            while true {
                await wakes.wait()
                try await Task.sleep(for: Self.period)
                await write()
            }
        } catch {
            // Its own task, which is not cancelled: the database would refuse to work for this one.
            await Task { await self.write() }.value
            throw error
        }
    }

    func scope(
        _ route: Route, _ request: HTTPRequest, _ requestID: String, _ caller: Caller, _ parameters: [String: String]
    ) -> AuditScope {
        AuditScope(
            trail: self, context: context(route.operation, request, requestID, caller),
            action: route.rule.action?.permission ?? route.operation,
            operation: route.operation, name: parameters["name"] ?? parameters["id"])
    }

    func scope(method: String, _ rule: AccessRule, _ request: HTTPRequest, _ caller: Caller) -> AuditScope {
        AuditScope(
            trail: self, context: context(method, request, request.fields["x-request-id"], caller),
            action: rule.action?.permission ?? method, operation: method, name: nil)
    }

    private func context(
        _ operation: String, _ request: HTTPRequest, _ requestID: String?, _ caller: Caller
    ) -> AuditContext {
        let principal = caller.principal
        let kind: AuditContext.ActorKind =
            switch principal.kind {
            case .token: .token
            case .key: .key
            case .session: .session
            case .certificate: .certificate
            }
        return AuditContext(
            kind: kind, subject: principal.subject, tenant: caller.identity.tenant, tenantName: principal.tenant,
            address: request.peer, agent: request.fields["user-agent"], operation: operation,
            requestID: requestID.map { String($0.prefix(128)) }, traceID: "\(caller.trace.traceID)")
    }

    fileprivate func record(_ entry: AuditEntry) async throws { try await log.record([entry]) }

    fileprivate func refuse(_ entry: AuditEntry, operation: String) {
        let key = Refusal(
            tenant: entry.tenant, subject: entry.context.subject, operation: operation, name: entry.name)
        let isKept = refusals.withLock { refusals in
            if refusals[key] != nil {
                refusals[key]?.times += 1
            } else if refusals.count < Self.bound {
                refusals[key] = entry
            } else {
                return false
            }
            return true
        }
        if isKept { wakes.raise() } else { dropped.add() }
    }

    private func write() async {
        let entries = refusals.withLock { refusals in
            defer { refusals = [:] }
            return Array(refusals.values)
        }
        guard !entries.isEmpty else { return }
        do {
            try await log.record(entries)
        } catch {
            dropped.add(UInt64(entries.reduce(0) { $0 + Int($1.times) }))
            logger.warning(
                "refused requests could not be recorded",
                metadata: ["refusals": "\(entries.count)", "error": "\(error)"])
        }
    }
}

/// One request whose deeds the audit log has.
struct AuditScope: Sendable {
    fileprivate let trail: AuditTrail
    let context: AuditContext
    fileprivate let action: String
    fileprivate let operation: String
    fileprivate let name: String?

    /// Does what was asked for. What has left no record by then gets one, without which it is not answered.
    func run<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async throws -> Answer {
        let answer: Answer
        do {
            answer = try await AuditContext.$current.withValue(context) { try await body() }
        } catch {
            if Problem(error)?.status == 403 { refuse() }
            throw error
        }
        if !context.isRecorded {
            try await trail.record(AuditEntry(context: context, action: action, name: name))
        }
        return answer
    }

    /// The caller may not do this.
    func refuse() {
        trail.refuse(
            AuditEntry(context: context, action: action, name: name.map { String($0.prefix(200)) }, outcome: .refused),
            operation: operation)
    }
}
