import Access
import Engine
import GRPC
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.BreakerService`.
struct BreakerService: Sendable {
    let breakers: BreakerOperations
    let metrics: MetricsRegistry

    private static let badArgument = "invalid_argument"

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.BreakerService.listBreakers, metrics) { _, caller in
            BeamlineV1.ListBreakersResponse(
                breakers: try await breakers.list(tenant: caller.tenant).map { BeamlineV1.Breaker($0) })
        }
        router.serve(BeamlineV1.BreakerService.getBreaker, metrics) { request, caller in
            let name = try BreakerName.checked(request.name, code: Self.badArgument)
            return BeamlineV1.Breaker(try await breakers.breaker(name, tenant: caller.tenant))
        }
        router.serve(BeamlineV1.BreakerService.putBreaker, metrics) { request, caller in
            let taskType = try BreakerName.taskType(request.taskType, code: Self.badArgument)
            let rule = try BreakerRule(request.rule ?? .init())
            return BeamlineV1.Breaker(try await breakers.put(taskType, rule, tenant: caller.tenant).breaker)
        }
        router.serve(BeamlineV1.BreakerService.deleteBreaker, metrics) { request, caller in
            let name = try BreakerName.checked(request.taskType, code: Self.badArgument)
            try await breakers.delete(name, tenant: caller.tenant)
            return BeamlineV1.DeleteBreakerResponse()
        }
        router.serve(BeamlineV1.BreakerService.resetBreaker, metrics) { request, caller in
            let name = try BreakerName.checked(request.name, code: Self.badArgument)
            return BeamlineV1.Breaker(try await breakers.reset(name, tenant: caller.tenant))
        }
        router.serve(BeamlineV1.BreakerService.tripBreaker, metrics) { request, caller in
            let name = try BreakerName.checked(request.name, code: Self.badArgument)
            let time = Duration.microseconds(request.forUs)
            guard request.forUs == 0 || BreakerRule.pauses.contains(time) else {
                throw Problem(400, Self.badArgument, "for_us must be from 10ms to 7d in microseconds.")
            }
            return BeamlineV1.Breaker(
                try await breakers.trip(name, for: request.forUs == 0 ? nil : time, tenant: caller.tenant))
        }
    }
}

extension BreakerRule {
    /// - Throws: 400 `invalid_argument`.
    fileprivate init(_ rule: BeamlineV1.BreakerRule) throws(Problem) {
        self.init()
        func require(_ isFine: Bool, _ detail: String) throws(Problem) {
            if !isFine { throw Problem(400, "invalid_argument", detail) }
        }
        if rule.failures != 0 { failures = rule.failures }
        if rule.probes != 0 { probes = rule.probes }
        if rule.ratio != 0 { ratio = rule.ratio }
        if rule.windowUs != 0 { window = .microseconds(rule.windowUs) }
        if rule.openUs != 0 { pause = .microseconds(rule.openUs) }
        try require(
            Self.counts.contains(failures), "rule.failures must be from 1 to \(Self.counts.upperBound).")
        try require((1...Self.mostProbes).contains(probes), "rule.probes must be from 1 to \(Self.mostProbes).")
        try require(ratio.map { $0 > 0 && $0 <= 1 } ?? true, "rule.ratio must be above 0 and at most 1.")
        try require(Self.windows.contains(window), "rule.window_us must be from 1s to 24h in microseconds.")
        try require(Self.pauses.contains(pause), "rule.open_us must be from 10ms to 7d in microseconds.")
    }
}

extension BeamlineV1.Breaker {
    init(_ record: BreakerRecord) {
        var until: Timestamp?
        var passed: Int32 = 0
        switch record.breaker.phase {
        case .closed: break
        case .open(let end): until = end
        case .halfOpen(let count): passed = count
        }
        self.init(
            id: record.id.digest.uuidText, kind: record.kind.text, name: record.name,
            state: record.breaker.phase.text, sinceUnixUs: record.breaker.changedAt.microseconds,
            untilUnixUs: until?.microseconds ?? 0,
            rule: BeamlineV1.BreakerRule(
                failures: record.rule.failures, ratio: record.rule.ratio ?? 0,
                windowUs: record.rule.window.wholeMicroseconds, openUs: record.rule.pause.wholeMicroseconds,
                probes: record.rule.probes),
            passed: passed, failed: Int32(clamping: record.breaker.window.failures),
            succeeded: Int32(clamping: record.breaker.window.successes), trips: record.breaker.trips)
    }
}
