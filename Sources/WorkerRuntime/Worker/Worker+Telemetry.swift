import Protobuf
import Synchronization
import Telemetry

extension Worker {
    /// What is read at a scrape.
    func families() -> [MetricFamily] {
        let (held, unacknowledged, dropped, used) = state.withLock { state in
            (
                state.machine.heldCount, state.machine.unacknowledgedCount, state.outbox.dropped,
                configuration.pools.map { (pool: $0.key, slots: $0.value, used: state.machine.usedSlots($0.key)) }
            )
        }
        let pools = used.sorted { $0.pool < $1.pool }
        return [
            .gauge("beamline_worker_held_attempts", help: "Attempts that the worker holds.", Double(held)),
            .gauge(
                "beamline_worker_unacknowledged_outcomes", help: "Outcomes without the server's answer.",
                Double(unacknowledged)),
            .counter(
                "beamline_worker_log_chunks_dropped_total", help: "Log chunks dropped while no server was reachable.",
                dropped),
            MetricFamily(
                "beamline_worker_slots", help: "Slots of each pool.", kind: .gauge,
                samples: pools.map { .init(Double($0.slots), labels: [(name: "pool", value: $0.pool)]) }),
            MetricFamily(
                "beamline_worker_slots_used", help: "Slots in use.", kind: .gauge,
                samples: pools.map { .init(Double($0.used), labels: [(name: "pool", value: $0.pool)]) }),
        ]
    }
}

extension BeamlineV1.Ack.Result {
    var label: String {
        switch self {
        case .recorded: "recorded"
        case .alreadyRecorded: "already_recorded"
        case .stale: "stale"
        default: "unknown"
        }
    }
}
