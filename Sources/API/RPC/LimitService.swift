import Access
import Engine
import GRPC
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.LimitService`.
struct LimitService: Sendable {
    let limits: LimitOperations
    let engine: Engine
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.LimitService.listLimits, metrics) { _, caller in
            BeamlineV1.ListLimitsResponse(
                limits: try await limits.list(tenant: caller.tenant).map { BeamlineV1.Limit($0) })
        }
        router.serve(BeamlineV1.LimitService.getLimit, metrics) { request, caller in
            let unit = try Self.unit(request.of, request.name)
            return BeamlineV1.Limit(
                try await limits.limit(ResourceID(unit.kind, request.name), tenant: caller.tenant))
        }
        router.serve(BeamlineV1.LimitService.putLimit, metrics, put)
        router.serve(BeamlineV1.LimitService.deleteLimit, metrics) { request, caller in
            let unit = try Self.unit(request.of, request.name)
            let condition = try Self.condition(request.ifVersion)
            try await limits.delete(ResourceID(unit.kind, request.name), if: condition, caller)
            return BeamlineV1.DeleteLimitResponse()
        }
        router.serve(BeamlineV1.LimitService.getUsage, metrics) { _, caller in
            let (quotas, uses) = try await engine.usage(of: caller.tenant)
            return BeamlineV1.GetUsageResponse(
                uses: QuotaKind.allCases.map { kind in
                    BeamlineV1.GetUsageResponse.Use(
                        quota: kind.name, measured: uses.first { $0.kind == kind }.map { .used($0.used) },
                        allowed: quotas[kind].map { .limit($0) }, softLimit: quotas.softLimit(kind) ?? 0)
                })
        }
    }

    private func put(_ request: BeamlineV1.PutLimitRequest, _ caller: Caller) async throws -> BeamlineV1.Limit {
        let unit = try Self.unit(request.of, request.name)
        guard LimitDeclaration.slotCounts.contains(request.slots) else {
            throw Problem(
                400, "invalid_argument", "slots must be from 0 to \(LimitDeclaration.slotCounts.upperBound).")
        }
        guard !(request.onlyNew && request.ifVersion > 0) else {
            throw Problem(400, "invalid_argument", "if_version does not go with only_new.")
        }
        let condition = request.onlyNew ? .absent : try Self.condition(request.ifVersion)
        let limit = LimitDeclaration(name: request.name, unit: unit, slots: request.slots)
        return BeamlineV1.Limit(try await limits.put(limit, if: condition, caller).limit)
    }

    private static func condition(_ version: Int64) throws(Problem) -> QueueOperations.Condition {
        guard version >= 0 else { throw Problem(400, "invalid_argument", "if_version must not be negative.") }
        return version > 0 ? .present(version) : .any
    }

    private static func unit(_ of: String, _ name: String) throws(Problem) -> LimitedUnit {
        guard let unit = LimitedUnit(rawValue: of) else {
            throw Problem(400, "invalid_argument", "of must be runs or steps; it is \"\(of)\".")
        }
        guard LimitDeclaration.isValid(name: name) else {
            throw Problem(400, "invalid_argument", "name must have 1 to 200 bytes and no control characters.")
        }
        return unit
    }
}

extension BeamlineV1.Limit {
    init(_ limit: DeclaredLimit) {
        self.init(
            name: limit.declaration.name, of: limit.declaration.unit.rawValue, slots: limit.declaration.slots,
            version: limit.version, bundle: limit.owner ?? "")
    }
}
