import JSON

/// What a run takes over from the one that it repeats in part.
public struct Carried: Hashable, Sendable {
    public var origin: RunID
    /// JSON text by step: such a step succeeds with it when its turn comes, without an attempt.
    public var outputs: [Int32: [UInt8]]
    /// JSON text of objects by the task's step, in place of what the definition makes.
    public var inputs: [Int32: [UInt8]]

    public init(origin: RunID, outputs: [Int32: [UInt8]] = [:], inputs: [Int32: [UInt8]] = [:]) {
        self.origin = origin
        self.outputs = outputs
        self.inputs = inputs
    }

    public var isEmpty: Bool { outputs.isEmpty && inputs.isEmpty }
}

extension RunState {
    mutating func carry(_ carried: Carried, _ turn: inout Turn) throws(RunRejection) {
        guard lifecycle == .queued else { throw .alreadyStarted }
        revision += 1
        let line = JSONValue.object([
            ("origin", .string(carried.origin.description)), ("outputs", Self.object(carried.outputs)),
            ("inputs", Self.object(carried.inputs)),
        ])
        record(Self.stageLine, .carried, attempt: -5, output: line.bytes(), &turn)
    }

    private static func object(_ texts: [Int32: [UInt8]]) -> JSONValue {
        .object(
            texts.sorted { $0.key < $1.key }.map { (String($0.key), (try? JSONValue(parsing: $0.value)) ?? .null) })
    }

    /// Replays what `carry` records.
    mutating func carry(_ transition: StepTransition) {
        guard let output = transition.output, let value = try? JSONValue(parsing: output) else { return }
        if case .object(let outputs)? = value["outputs"] {
            for (step, output) in outputs { if let step = Int32(step) { carried[step] = output.bytes() } }
        }
        if case .object(let inputs)? = value["inputs"] {
            for (step, input) in inputs { if let step = Int32(step) { editedInputs[step] = input.bytes() } }
        }
    }

    /// What a repetition of this run takes over: the outputs of steps that have succeeded, but for the chosen one and all
    /// that comes after a step that is done again. `setup` and `finally` run anew, and so does a `switch`, which decides
    /// the same on the same values.
    ///
    /// - Parameters:
    ///   - chosen: Done again, although it may have succeeded.
    ///   - history: The run's.
    public func carried(repeating chosen: Int32?, history: [StepTransition]) -> [Int32: [UInt8]] {
        var again: Set<Int32> = []
        var queue = plan.parts.main.filter { step in
            if step == chosen { return true }
            switch statuses[Int(step)] {
            case .succeeded: return false
            case .skipped: return spoiled.contains(step)
            case .pending, .live, .open, .failed, .cancelled: return true
            }
        }
        while let step = queue.popLast() {
            guard again.insert(step).inserted else { continue }
            queue += plan.steps[Int(step)].dependents
        }
        var outputs: [Int32: [UInt8]] = [:]
        for transition in history where transition.state == .succeeded && plan.parts.main.contains(transition.step) {
            if case .choice = plan.steps[Int(transition.step)].kind { continue }
            guard !again.contains(transition.step), statuses[Int(transition.step)] == .succeeded else { continue }
            outputs[transition.step] = transition.output ?? JSONText.null.bytes
        }
        return outputs
    }
}
