import Telemetry

/// What a worker counts.
struct WorkerMetrics: Sendable {
    let acknowledgements: CounterFamily
    let connections: Counter
    let connectionFailures: Counter
    private let tasks: CounterFamily
    private let seconds: HistogramFamily
    /// Made once, for what happens with each task.
    private let common: [String: (success: Counter, seconds: Histogram)]

    init(_ registry: MetricsRegistry, taskTypes: [String]) {
        let tasks = registry.counter(
            "beamline_worker_tasks_total", help: "Attempts that ended, by task type and outcome.",
            labels: ["task_type", "outcome"])
        let seconds = registry.histogram(
            "beamline_worker_task_seconds", help: "How long attempts ran, by task type.", labels: ["task_type"])
        (self.tasks, self.seconds) = (tasks, seconds)
        acknowledgements = registry.counter(
            "beamline_worker_acknowledgements_total", help: "The server's answers to outcomes.", labels: ["result"])
        connections = registry.counter(
            "beamline_worker_connections_total", help: "Streams that the server welcomed.")()
        connectionFailures = registry.counter(
            "beamline_worker_connection_failures_total", help: "Streams that broke or could not be had.")()
        common = Dictionary(
            uniqueKeysWithValues: taskTypes.map { ($0, (success: tasks($0, "success"), seconds: seconds($0))) })
    }

    func ended(_ taskType: String, _ outcome: TaskOutcome) {
        let known = common[taskType]
        switch outcome.result {
        case .success: (known?.success ?? tasks(taskType, "success")).add()
        case .failure(let failure): tasks(taskType, failure.kind.rawValue).add()
        }
        (known?.seconds ?? seconds(taskType)).observe(outcome.usage.duration)
    }
}
