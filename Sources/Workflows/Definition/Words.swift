/// The words of the language, and those that are reserved for what is not built yet.
enum Words {
    static let workflow = [
        "name", "description", "labels", "inputs", "queue", "priority", "deadline", "concurrency", "throttle",
        "debounce", "timeout", "retry", "setup", "steps", "on_failure", "finally", "output",
    ]
    static let workflowLater: Set<String> = [
        "triggers", "on", "env", "secrets", "limits", "resources", "defaults", "schedule", "signals", "version",
    ]
    static let step = [
        "id", "uses", "needs", "join", "if", "for_each", "max_parallel", "with", "retry", "timeout", "deadline",
        "limits", "resources", "priority", "concurrency", "rate", "breaker", "cache", "idempotency", "background",
        "reads", "writes",
    ]
    static let stepLater: Set<String> = [
        "on_failure", "switch", "cases", "compensate", "finally", "env", "secrets", "name", "description",
        "queue", "output", "delay", "labels",
    ]
    static let bundle = ["bundle", "description", "queues", "limits", "workflows"]
    static let bundleLater: Set<String> = ["triggers", "alerts", "secrets", "routes"]
    static let queue = ["name", "discipline", "boost", "weight", "strict", "concurrency"]
    static let limit = ["name", "of", "slots"]
    static let handler = ["match", "steps", "recover"]
    static let match = ["step", "error"]
    static let wait = ["for", "until", "signal", "timeout", "on_timeout"]
    static let approval = [
        "roles", "quorum", "timeout", "on_timeout", "reminder", "escalation", "form", "message",
    ]
    static let escalation = ["after", "roles"]
    static let child = ["name", "inputs", "on_parent_cancel"]
    static let choice = ["value", "cases", "default"]
    static let choiceCase = ["equals", "when", "then"]
    static let emit = ["name", "payload", "run"]
    static let limits = ["time"]
    static let limitsLater: Set<String> = ["cpu", "memory", "on_violation", "grace", "disk", "processes", "output"]
    static let throttle = ["key", "limit", "per", "on_excess", "scope"]
    static let debounce = ["key", "quiet", "longest", "scope"]
    static let cache = ["ttl", "key", "scope", "secrets"]
    static let idempotency = ["key", "ttl"]
    static let rate = ["key", "limit", "per", "burst", "scope"]
    static let breaker = ["target", "failures", "ratio", "window", "open", "probes", "scope"]
    static let concurrency = ["key", "limit", "on_conflict", "scope"]
    static let stepConcurrency = ["key", "limit", "scope"]
    static let resources = ["pool"]
    static let resourcesLater: Set<String> = ["slots", "gpu", "cpu", "memory", "labels", "selector"]
    static let retry = ["strategy", "max_attempts", "delay", "max_delay", "jitter"]
    static let retryLater: Set<String> = ["on", "when", "unless", "multiplier"]
    /// What `uses` names that no worker serves.
    static let engineKinds: Set<String> = ["approval", "wait", "workflow", "switch", "emit"]
}
