import Access
import Engine
import GRPC
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.QueueService`.
struct QueueService: Sendable {
    let queues: QueueOperations
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.QueueService.listQueues, metrics) { _, caller in
            let found = try await queues.list(tenant: caller.tenant)
            let loads = try await queues.loads(tenant: caller.tenant)
            return BeamlineV1.ListQueuesResponse(
                queues: found.map { BeamlineV1.Queue($0, load: loads[$0.id] ?? QueueLoad()) })
        }
        router.serve(BeamlineV1.QueueService.getQueue, metrics) { request, caller in
            try caller.authorize(.readQueues, .queue(request.name))
            return try await answer(try await queues.queue(request.name, tenant: caller.tenant), caller)
        }
        router.serve(BeamlineV1.QueueService.putQueue, metrics, put)
        router.serve(BeamlineV1.QueueService.pauseQueue, metrics) { request, caller in
            let condition = try Self.condition(request, caller, .operateQueues)
            let queue = try await queues.pause(request.name, if: condition, tenant: caller.tenant)
            return try await answer(queue, caller)
        }
        router.serve(BeamlineV1.QueueService.resumeQueue, metrics) { request, caller in
            let condition = try Self.condition(request, caller, .operateQueues)
            let queue = try await queues.resume(request.name, if: condition, tenant: caller.tenant)
            return try await answer(queue, caller)
        }
        router.serve(BeamlineV1.QueueService.drainQueue, metrics) { request, caller in
            let condition = try Self.condition(request, caller, .operateQueues)
            let queue = try await queues.drain(request.name, if: condition, tenant: caller.tenant)
            return try await answer(queue, caller)
        }
        router.serve(BeamlineV1.QueueService.deleteQueue, metrics) { request, caller in
            let condition = try Self.condition(request, caller, .writeQueues)
            try await queues.delete(request.name, if: condition, tenant: caller.tenant)
            return BeamlineV1.DeleteQueueResponse()
        }
    }

    private func put(_ request: BeamlineV1.PutQueueRequest, _ caller: Caller) async throws -> BeamlineV1.Queue {
        guard let queue = request.queue, ResourceName.isValid(queue.name) else {
            throw Problem(
                400, "invalid_argument",
                "queue.name must be small letters, digits and - _ . in parts separated by slashes.")
        }
        try caller.authorize(.writeQueues, .queue(queue.name))
        guard request.ifVersion >= 0, !(request.onlyNew && request.ifVersion > 0) else {
            throw Problem(400, "invalid_argument", "if_version must not be negative, and does not go with only_new.")
        }
        let condition: QueueOperations.Condition =
            request.onlyNew ? .absent : request.ifVersion > 0 ? .present(request.ifVersion) : .any
        let (written, _) = try await queues.put(
            queue.name, try QueueSettings(queue), if: condition, tenant: caller.tenant)
        return try await answer(written, caller)
    }

    private func answer(_ queue: QueueRecord, _ caller: Caller) async throws -> BeamlineV1.Queue {
        BeamlineV1.Queue(queue, load: try await queues.loads(tenant: caller.tenant)[queue.id] ?? QueueLoad())
    }

    private static func condition(
        _ request: BeamlineV1.ChangeQueueRequest, _ caller: Caller, _ action: Action
    ) throws -> QueueOperations.Condition {
        try caller.authorize(action, .queue(request.name))
        guard request.ifVersion >= 0 else {
            throw Problem(400, "invalid_argument", "if_version must not be negative.")
        }
        return request.ifVersion > 0 ? .present(request.ifVersion) : .any
    }
}

extension BeamlineV1.Queue {
    init(_ queue: QueueRecord, load: QueueLoad) {
        self.init(
            name: queue.name, discipline: queue.settings.order.discipline.text,
            boostUs: queue.settings.order.boost.wholeMicroseconds, weight: queue.settings.weight,
            strict: queue.settings.isStrict, limit: queue.settings.concurrency.map { .concurrency($0) },
            paused: queue.isPaused, draining: queue.isDraining, version: queue.version, ready: Int64(load.ready),
            running: Int64(load.running), held: Int64(load.held))
    }
}

extension QueueSettings {
    /// - Throws: 400 `invalid_argument`.
    fileprivate init(_ queue: BeamlineV1.Queue) throws(Problem) {
        self.init()
        if !queue.discipline.isEmpty {
            guard let discipline = QueueDiscipline(text: queue.discipline) else {
                let known = QueueDiscipline.allCases.map(\.text).joined(separator: ", ")
                throw Problem(400, "invalid_argument", "discipline must be one of \(known).")
            }
            order.discipline = discipline
        }
        if queue.boostUs != 0 {
            order.boost = .microseconds(queue.boostUs)
            guard QueueDeclaration.boosts.contains(order.boost) else {
                throw Problem(400, "invalid_argument", "boost_us must be from 1ms to 24h in microseconds.")
            }
        }
        if queue.weight != 0 { weight = queue.weight }
        guard Self.weights.contains(weight) else {
            throw Problem(400, "invalid_argument", "weight must be from 1 to \(Self.weights.upperBound).")
        }
        isStrict = queue.strict
        if case .concurrency(let places)? = queue.limit {
            guard QueueDeclaration.concurrencies.contains(places) else {
                throw Problem(400, "invalid_argument", "concurrency must be from 0 to 1000000.")
            }
            concurrency = places
        }
    }
}
