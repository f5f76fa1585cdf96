import Expressions
import JSON

/// What the expressions of a run see: `inputs`, `steps.<id>.output`, `steps.<id>.state`, `run.id`, `run.workflow`; of an
/// item, `item` and `item_index`; in handlers and clean-up, `failure`.
///
/// JSON text becomes a tree only where an expression reads it, and once for all expressions of one template. The output
/// of a step that was skipped by its own condition is `null`.
struct RunScope: ExpressionScope {
    private let run: RunState
    /// The step whose expressions are evaluated; `nil`: the run's.
    private let reader: Int32?
    private let mark: SecretMark?
    private let trees = Trees()

    init(_ run: RunState, step: Int32? = nil, mark: SecretMark? = nil) {
        self.run = run
        reader = step
        self.mark = mark
    }

    var timeZones: TimeZones { run.plan.timeZones }

    func resolve(_ reference: Reference) throws(ExpressionError) -> Resolved? {
        switch reference.root {
        case "inputs": return Resolved(try tree(of: run.context.input, as: -1, at: reference))
        case "run": return self.run(reference)
        case "steps": return try step(reference)
        case "item":
            guard let reader, let item = run.item(of: reader) else { return nil }
            return Resolved(try tree(of: item.value, as: -2, at: reference))
        case "item_index":
            guard let reader, let item = run.item(of: reader) else { return nil }
            return Resolved(.int(Int64(item.index)))
        case "failure": return Resolved(failure)
        case SecretMark.root:
            guard reference.path.count == 1 else { return nil }
            return Resolved(.string(SecretMark.text(of: reference.path[0], mark)), consumed: 1)
        default: return nil
        }
    }

    func text(of reference: Reference) -> [UInt8]? {
        switch (reference.root, reference.path.count) {
        case ("inputs", 0): return run.context.input
        case ("inputs", _): return JSONScalarSearch.text(of: reference.path[...], in: run.context.input)
        case ("item", 0): return reader.flatMap { run.item(of: $0)?.value }
        case ("steps", 2...) where reference.path[1] == "output":
            guard let index = run.plan.index(of: reference.path[0]),
                let output = run.outputs[run.resolve(index, for: reader)]
            else { return nil }
            return reference.path.count == 2
                ? output : JSONScalarSearch.text(of: reference.path.dropFirst(2), in: output)
        default: return nil
        }
    }

    private func run(_ reference: Reference) -> Resolved? {
        let id = JSONValue.string(run.context.run?.description ?? "")
        let workflow = JSONValue.string(run.plan.name)
        switch reference.path.first {
        case "id": return Resolved(id, consumed: 1)
        case "workflow": return Resolved(workflow, consumed: 1)
        case nil where !reference.isComputed: return Resolved(["id": id, "workflow": workflow])
        default: return nil
        }
    }

    /// What a handler handles, or what the run ends with; `null` when nothing has failed.
    private var failure: JSONValue {
        guard let reader, let expansion = run.handling(reader), case .handler(_, var failure) = expansion.kind else {
            return (run.stopping ?? run.failure)?.json ?? .null
        }
        failure.step = run.name(of: expansion.owner)
        return failure.json
    }

    private func step(_ reference: Reference) throws(ExpressionError) -> Resolved? {
        guard let id = reference.path.first, let planned = run.plan.index(of: id) else { return nil }
        let index = run.resolve(planned, for: reader)
        guard let status = run.status(of: index) else { return nil }
        let state = JSONValue.string(status.text)
        guard reference.path.count > 1 else {
            return Resolved(["output": try output(of: index, at: reference), "state": state], consumed: 1)
        }
        switch reference.path[1] {
        case "output": return Resolved(try output(of: index, at: reference), consumed: 2)
        case "state": return Resolved(state, consumed: 2)
        default: return nil
        }
    }

    private func output(of step: Int32, at reference: Reference) throws(ExpressionError) -> JSONValue {
        guard let text = run.outputs[step] else { return .null }
        return try tree(of: text, as: step, at: reference)
    }

    private func tree(of text: [UInt8], as key: Int32, at reference: Reference) throws(ExpressionError) -> JSONValue {
        if let known = trees.values[key] { return known }
        do {
            let tree = try JSONValue(parsing: text)
            trees.values[key] = tree
            return tree
        } catch {
            throw ExpressionError(
                .conversion, "\(reference.root) holds text that is no JSON: \(error)", line: reference.line,
                column: reference.column, length: reference.length)
        }
    }

    /// Trees by step; the run's input is −1, the reader's item −2.
    private final class Trees {
        var values: [Int32: JSONValue] = [:]
    }
}

extension StepStatus {
    /// The name that `steps.<id>.state` has. What has not ended is seen by steps with `join: any` and by clean-up.
    var text: String {
        switch self {
        case .pending: "pending"
        case .live, .open: "running"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .skipped: "skipped"
        case .cancelled: "cancelled"
        }
    }
}
