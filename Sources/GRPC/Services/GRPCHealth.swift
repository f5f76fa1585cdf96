public import Protobuf
import Synchronization

/// The health of services, as `grpc.health.v1` shows it: asked once, or watched.
public final class GRPCHealth: Sendable {
    /// Status of a service.
    public typealias Status = GRPCHealthV1.HealthCheckResponse.ServingStatus

    private struct State {
        var statuses: [String: Status]
        var watchers: [UInt64: (service: String, updates: AsyncStream<Status>.Continuation)] = [:]
        var lastWatcher: UInt64 = 0
    }

    private let state: Mutex<State>

    /// - Parameter serving: Services that serve from the start, besides the server as a whole (the empty name).
    public init(serving: some Sequence<String> = []) {
        var statuses: [String: Status] = ["": .serving]
        for service in serving { statuses[service] = .serving }
        state = Mutex(State(statuses: statuses))
    }

    /// Sets the status of a service, or of the server as a whole by the empty name; watchers are told.
    public func set(_ service: String, _ status: Status) {
        let told = state.withLock { state in
            let changed = state.statuses.updateValue(status, forKey: service) != status
            return changed ? state.watchers.values.filter { $0.service == service }.map(\.updates) : []
        }
        for updates in told { updates.yield(status) }
    }

    /// Says of everything that it does not serve, for a server that drains.
    public func stop() {
        for service in state.withLock({ Array($0.statuses.keys) }) { set(service, .notServing) }
    }

    func status(of service: String) -> Status? { state.withLock { $0.statuses[service] } }

    /// The status now and each later one; of a quick sequence only the newest.
    func updates(of service: String) -> AsyncStream<Status> {
        let (stream, updates) = AsyncStream.makeStream(of: Status.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.lastWatcher += 1
            state.watchers[state.lastWatcher] = (service, updates)
            updates.yield(state.statuses[service] ?? .serviceUnknown)
            return state.lastWatcher
        }
        updates.onTermination = { [self] _ in
            state.withLock { _ = $0.watchers.removeValue(forKey: id) }
        }
        return stream
    }
}

extension GRPCRouter {
    /// Serves `grpc.health.v1.Health`.
    ///
    /// - Parameter guarded: runs a watch, and ends it with its caller's access.
    public mutating func addHealth(
        _ health: GRPCHealth, guarded: @escaping StreamGuard = { _, body in try await body() }
    ) {
        unary(GRPCHealthV1.Health.check) { request, _ in
            guard let status = health.status(of: request.service) else {
                throw GRPCStatus(.notFound, "The service \"\(request.service)\" is not known.")
            }
            return GRPCHealthV1.HealthCheckResponse(status: status)
        }
        serverStreaming(GRPCHealthV1.Health.watch) { request, responses, context in
            try await guarded(context.identity) {
                for await status in health.updates(of: request.service) {
                    try await responses.write(GRPCHealthV1.HealthCheckResponse(status: status))
                }
                try Task.checkCancellation()
            }
        }
    }
}
