internal import Engine
internal import JSON
internal import Workflows

/// A message in the database: a number for its kind, and a body.
extension InboxMessage.Command {
    var kind: InboxKind {
        switch self {
        case .cancel: .cancel
        case .admit: .admit
        case .signal: .signal
        case .childEnded: .childEnded
        case .startChild: .startChild
        case .seek: .seek
        }
    }

    /// A cancel's reason as it is; nothing of a run that is let in; of all others, JSON text.
    var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw("{")
        switch self {
        case .cancel(let reason): return Array(reason.utf8)
        case .admit: return []
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
        case .seek(let request):
            // `OutcomeStatement.follow` writes the same.
            writer.key("step")
            writer.integer(Int64(request.step))
            writer.raw(",")
            writer.key("key")
            writer.string(request.key)
            writer.raw(",")
            writer.key("purpose")
            writer.integer(Int64(request.purpose.rawValue))
        }
        writer.raw("}")
        return writer.bytes
    }

    /// Reads what `kind` and `body` wrote; `nil` for anything else.
    init?(kind: InboxKind, body: [UInt8]) {
        let value = (try? JSONValue(parsing: body)) ?? .null
        switch kind {
        case .cancel: self = .cancel(reason: String(decoding: body, as: UTF8.self))
        case .admit: self = .admit
        case .signal:
            guard let name = value["name"]?.stringValue, let id = value["id"]?.stringValue else { return nil }
            self = .signal(RunSignal(name: name, id: id, payload: (value["payload"] ?? .null).bytes()))
        case .childEnded:
            guard let step = value["step"]?.intValue else { return nil }
            if let failure = value["failure"].flatMap({ StepFailure($0) }) {
                self = .childEnded(step: Int32(clamping: step), .failed(failure))
            } else {
                self = .childEnded(
                    step: Int32(clamping: step), .succeeded(output: (value["output"] ?? .null).bytes()))
            }
        case .seek:
            guard let step = value["step"]?.intValue, let key = value["key"]?.stringValue,
                let purpose = value["purpose"]?.intValue.flatMap({ Int16(exactly: $0) })
                    .flatMap(OutcomeRule.Purpose.init(rawValue:))
            else { return nil }
            self = .seek(OutcomeRequest(step: Int32(clamping: step), key: key, purpose: purpose))
        case .startChild:
            guard let run = value["run"]?.stringValue.flatMap({ RunID($0) }),
                let parent = value["parent"]?.stringValue.flatMap({ RunID($0) }),
                let step = value["step"]?.intValue, let depth = value["depth"]?.intValue,
                let workflow = value["workflow"]?.stringValue
            else { return nil }
            self = .startChild(
                ChildStart(
                    run: run, parent: RunContext.Parent(run: parent, step: Int32(clamping: step)),
                    depth: Int32(clamping: depth), workflow: workflow, input: (value["input"] ?? .null).bytes()))
        }
    }
}
