import Expressions
import JSON

extension RunState {
    /// Longest list of outputs that a `for_each` may have.
    public static let mostOutputBytes = 16 << 20

    /// A step whose items, or whose handler, have ended.
    mutating func conclude(_ owner: Int32, _ turn: inout Turn) {
        guard case .open? = status(of: owner), let position = expansionOf[owner] else { return }
        let expansion = expansions[position]
        switch expansion.kind {
        case .items: concludeItems(of: owner, expansion, &turn)
        case .handler(let handler, let failure): conclude(owner, expansion, plan.handlers[handler], failure, &turn)
        }
    }

    private mutating func concludeItems(of owner: Int32, _ expansion: Expansion, _ turn: inout Turn) {
        if var failure = expansion.failure {
            failure.message = "item \(expansion.failed ?? 0) has failed: \(failure.message)"
            failure.retryable = false
            failForGood(owner, failure: failure, &turn)
            return
        }
        var list: [UInt8] = [UInt8(ascii: "[")]
        for item in 0..<expansion.count {
            if item > 0 { list.append(UInt8(ascii: ",")) }
            list += outputs[expansion.base + item] ?? JSONText.null.bytes
        }
        list.append(UInt8(ascii: "]"))
        guard list.count <= Self.mostOutputBytes else {
            let failure = StepFailure(
                kind: .invalid, code: "output_too_large",
                message: "the items' outputs have \(list.count) bytes; at most \(Self.mostOutputBytes) are taken",
                retryable: false)
            failForGood(owner, failure: failure, &turn)
            return
        }
        succeed(owner, output: list, &turn)
    }

    private mutating func conclude(
        _ owner: Int32, _ expansion: Expansion, _ handler: FailureHandler, _ failure: StepFailure, _ turn: inout Turn
    ) {
        guard expansion.failure == nil, let recover = handler.recover else {
            record(owner, .failed, failure: failure, &turn)
            return
        }
        do {
            let output = try bytes(recover, "recover", owner)
            record(owner, .succeeded, output: output, &turn)
        } catch {
            record(owner, .failed, failure: error.failure, &turn)
        }
    }
}
