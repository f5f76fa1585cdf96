internal import Engine
internal import JSON
internal import Workflows

/// A message in the database: a number for its kind, and a body.
extension InboxMessage.Command {
    var kind: Int16 {
        switch self {
        case .cancel: 1
        case .signal: 2
        case .childEnded: 3
        case .startChild: 4
        }
    }

    /// A cancel's reason as it is; of all others, JSON text.
    var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw("{")
        switch self {
        case .cancel(let reason): return Array(reason.utf8)
        case .signal(let signal):
            writer.key("name")
            writer.string(signal.name)
            writer.raw(",")
            writer.key("id")
            writer.string(signal.id)
            writer.raw(",")
            writer.key("payload")
            writer.raw(signal.payload)
        case .childEnded(let step, .succeeded(let output)):
            writer.key("step")
            writer.integer(Int64(step))
            writer.raw(",")
            writer.key("output")
            writer.raw(output)
        case .childEnded(let step, .failed(let failure)):
            writer.key("step")
            writer.integer(Int64(step))
            writer.raw(",")
            writer.key("failure")
            writer.value(failure.json)
        case .startChild(let child):
            writer.key("run")
            writer.string(child.run.description)
            writer.raw(",")
            writer.key("parent")
            writer.string(child.parent.run.description)
            writer.raw(",")
            writer.key("step")
            writer.integer(Int64(child.parent.step))
            writer.raw(",")
            writer.key("depth")
            writer.integer(Int64(child.depth))
            writer.raw(",")
            writer.key("workflow")
            writer.string(child.workflow)
            writer.raw(",")
            writer.key("input")
            writer.raw(child.input)
        }
        writer.raw("}")
        return writer.bytes
    }

    /// Reads what `kind` and `body` wrote; `nil` for anything else.
    init?(kind: Int16, body: [UInt8]) {
        if kind == 1 {
            self = .cancel(reason: String(decoding: body, as: UTF8.self))
            return
        }
        guard let value = try? JSONValue(parsing: body) else { return nil }
        switch kind {
        case 2:
            guard let name = value["name"]?.stringValue, let id = value["id"]?.stringValue else { return nil }
            self = .signal(RunSignal(name: name, id: id, payload: (value["payload"] ?? .null).bytes()))
        case 3:
            guard let step = value["step"]?.intValue else { return nil }
            if let failure = value["failure"].flatMap({ StepFailure($0) }) {
                self = .childEnded(step: Int32(clamping: step), .failed(failure))
            } else {
                self = .childEnded(
                    step: Int32(clamping: step), .succeeded(output: (value["output"] ?? .null).bytes()))
            }
        case 4:
            guard let run = value["run"]?.stringValue.flatMap({ RunID($0) }),
                let parent = value["parent"]?.stringValue.flatMap({ RunID($0) }),
                let step = value["step"]?.intValue, let depth = value["depth"]?.intValue,
                let workflow = value["workflow"]?.stringValue
            else { return nil }
            self = .startChild(
                ChildStart(
                    run: run, parent: RunContext.Parent(run: parent, step: Int32(clamping: step)),
                    depth: Int32(clamping: depth), workflow: workflow, input: (value["input"] ?? .null).bytes()))
        default: return nil
        }
    }
}
