public import Expressions
import JSON

extension RunState {
    /// The input of a step's task as JSON text: its `with`, evaluated over the run's input, the outputs of steps that
    /// have ended, and its item. What a step with `join: all` reads cannot change any more once the step is live.
    ///
    /// - Parameter mark: stands where secrets will stand; without one they cannot be put in any more, so that equal inputs
    ///   have equal texts.
    public func makeInput(of step: Int32, mark: SecretMark? = nil) throws(ExpressionError) -> [UInt8] {
        if !editedInputs.isEmpty, let edited = editedInputs[step] { return edited }
        guard let index = templateIndex(of: step), let template = plan.steps[Int(index)].input else {
            return JSONText.emptyObject.bytes
        }
        return try template.evaluate(in: RunScope(self, step: step, mark: mark))
    }

    /// The output of a run whose steps have ended as JSON text: the definition's `output`, else the output of the only
    /// leaf, else an object of the leaves' outputs by their ids.
    public func makeOutput() throws(ExpressionError) -> [UInt8] {
        if let template = plan.output { return try template.evaluate(in: RunScope(self)) }
        if plan.leaves.count == 1 { return outputs[plan.leaves[0]] ?? JSONText.null.bytes }
        var writer = JSONWriter()
        writer.raw("{")
        for (position, leaf) in plan.leaves.enumerated() {
            if position > 0 { writer.raw(",") }
            writer.key(plan.steps[Int(leaf)].id)
            writer.raw(outputs[leaf] ?? JSONText.null.bytes)
        }
        writer.raw("}")
        return writer.bytes
    }

    /// The run's labels as JSON text, made of its inputs alone; `nil` when the definition has none.
    public func makeLabels() throws(ExpressionError) -> [UInt8]? {
        try plan.labels?.evaluate(in: RunScope(self))
    }

    /// Whether a step's condition lets it run.
    func isWanted(_ condition: Expression, for step: Int32) throws(ExpressionError) -> Bool {
        let value = try condition.evaluate(in: RunScope(self, step: step))
        guard case .bool(let isWanted) = value else {
            throw ExpressionError(.noOverload, "\"if\" takes boolean, not \(value.typeName)")
        }
        return isWanted
    }
}
