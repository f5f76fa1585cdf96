/// The words of the language, and those that are reserved for what is not built yet.
enum Words {
    static let workflow = ["name", "description", "labels", "inputs", "queue", "timeout", "retry", "steps", "output"]
    static let workflowLater: Set<String> = [
        "priority", "deadline", "concurrency", "setup", "on_failure", "finally", "triggers", "on", "env", "secrets",
        "limits", "resources", "defaults", "schedule", "signals", "version",
    ]
    static let step = ["id", "uses", "needs", "with", "if", "retry", "timeout", "limits", "resources"]
    static let stepLater: Set<String> = [
        "for_each", "max_parallel", "background", "join", "cache", "on_failure", "priority", "switch", "cases",
        "concurrency", "compensate", "finally", "env", "secrets", "reads", "writes", "name", "description", "queue",
        "output", "delay", "deadline", "labels",
    ]
    static let limits = ["time"]
    static let limitsLater: Set<String> = ["cpu", "memory", "on_violation", "grace", "disk", "processes", "output"]
    static let resources = ["pool"]
    static let resourcesLater: Set<String> = ["slots", "gpu", "cpu", "memory", "labels", "selector"]
    static let retry = ["strategy", "max_attempts", "delay", "max_delay", "jitter"]
    static let retryLater: Set<String> = ["on", "when", "unless", "multiplier"]
    /// What `uses` will name that no worker serves.
    static let engineKinds: Set<String> = ["approval", "wait", "workflow", "switch", "emit"]
}
