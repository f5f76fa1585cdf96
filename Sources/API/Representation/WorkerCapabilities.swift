import JSON
import Protobuf

/// What a worker said of itself, as it is kept beside its session for people to see.
struct WorkerCapabilities: Sendable {
    var version: String?
    var taskTypes: [String] = []
    var pools: [(name: String, slots: Int64)] = []
    var labels: [(name: String, value: String)] = []

    init(_ hello: BeamlineV1.Hello) {
        version = hello.softwareVersion.isEmpty ? nil : hello.softwareVersion
        taskTypes = hello.taskTypes.map(\.name)
        pools = hello.pools.map { ($0.name, Int64($0.slots)) }
        labels = hello.labels.map { ($0.name, $0.value) }
    }

    /// Reads what `json` wrote; what is not there is empty.
    init(json text: [UInt8]) {
        guard let value = try? JSONValue(parsing: text) else { return }
        version = value["version"]?.stringValue
        taskTypes = (value["task_types"]?.arrayValue ?? []).compactMap(\.stringValue)
        pools = (value["pools"]?.arrayValue ?? []).compactMap { pool in
            guard let name = pool["name"]?.stringValue, let slots = pool["slots"]?.intValue else { return nil }
            return (name, slots)
        }
        labels = (value["labels"]?.objectValue ?? [:]).compactMap { label in
            label.value.stringValue.map { (label.key, $0) }
        }
    }

    var json: [UInt8] {
        var members: [(String, JSONValue)] = []
        if let version { members.append(("version", .string(version))) }
        members.append(("task_types", .array(taskTypes.map { .string($0) })))
        members.append(
            ("pools", .array(pools.map { .object([("name", .string($0.name)), ("slots", .int($0.slots))]) })))
        members.append(("labels", .object(labels.map { ($0.name, .string($0.value)) })))
        return JSONValue.object(members).bytes()
    }
}
