import Expressions
import JSON

/// What the expressions of a run see: `inputs`, `steps.<id>.output`, `steps.<id>.state`, `run.id`, `run.workflow`.
///
/// JSON text becomes a tree only where an expression reads it, and once for all expressions of one template. The output
/// of a step that was skipped by its own condition is `null`.
struct RunScope: ExpressionScope {
    private let run: RunState
    private let trees = Trees()

    init(_ run: RunState) { self.run = run }

    func resolve(_ reference: Reference) throws(ExpressionError) -> Resolved? {
        switch reference.root {
        case "inputs": return Resolved(try tree(of: run.context.input, as: -1, at: reference))
        case "run": return self.run(reference)
        case "steps": return try step(reference)
        default: return nil
        }
    }

    func text(of reference: Reference) -> [UInt8]? {
        switch (reference.root, reference.path.count) {
        case ("inputs", 0): return run.context.input
        case ("steps", 2) where reference.path[1] == "output":
            guard let index = run.plan.index(of: reference.path[0]) else { return nil }
            return run.outputs[index]
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

    private func step(_ reference: Reference) throws(ExpressionError) -> Resolved? {
        guard let id = reference.path.first, let index = run.plan.index(of: id), let status = run.status(of: index)
        else { return nil }
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

    /// Trees by step; the run's input is −1.
    private final class Trees {
        var values: [Int32: JSONValue] = [:]
    }
}

extension StepStatus {
    /// The name that `steps.<id>.state` has. Expressions are evaluated when a step's needs have ended, so what has not
    /// ended is seen only by the output of a run, never.
    var text: String {
        switch self {
        case .pending: "pending"
        case .live: "running"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .skipped: "skipped"
        case .cancelled: "cancelled"
        }
    }
}
