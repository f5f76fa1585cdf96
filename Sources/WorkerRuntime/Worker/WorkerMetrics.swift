import Telemetry

/// What a worker counts.
struct WorkerMetrics: Sendable {
    let tasks: CounterFamily
    let seconds: HistogramFamily
    let acknowledgements: CounterFamily
    let connections: Counter
    let connectionFailures: Counter

    init(_ registry: MetricsRegistry) {
        tasks = registry.counter(
            "beamline_worker_tasks_total", help: "Attempts that ended, by task type and outcome.",
            labels: ["task_type", "outcome"])
        seconds = registry.histogram(
            "beamline_worker_task_seconds", help: "How long attempts ran, by task type.", labels: ["task_type"])
        acknowledgements = registry.counter(
            "beamline_worker_acknowledgements_total", help: "The server's answers to outcomes.", labels: ["result"])
        connections = registry.counter(
            "beamline_worker_connections_total", help: "Streams that the server welcomed.")()
        connectionFailures = registry.counter(
            "beamline_worker_connection_failures_total", help: "Streams that broke or could not be had.")()
    }
}
