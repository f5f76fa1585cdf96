import Workflows

/// What a run tells other runs: messages that its own commit writes.
extension BatchBuilder {
    private mutating func post(_ message: InboxMessage, from key: RunKey) {
        batch.posts.append(InboxPost(sender: key, message: message))
    }

    mutating func startChild(_ child: ChildStart, from key: RunKey) {
        post(InboxMessage(id: InboxID(key: key, id: child.run.bytes.start), command: .startChild(child)), from: key)
    }

    mutating func cancelChild(_ child: RunID, reason: String, from key: RunKey) {
        let id = InboxID(key: RunKey(tenant: key.tenant, run: child), id: key.run.bytes)
        post(InboxMessage(id: id, command: .cancel(reason: reason)), from: key)
    }

    /// A question of the run's own: asked after the commit, by whichever node.
    mutating func seek(_ request: OutcomeRequest, from key: RunKey) {
        let bytes = RunID.Bytes(
            high: ~key.run.bytes.high, low: key.run.bytes.low &+ UInt64(UInt32(bitPattern: request.step)))
        post(InboxMessage(id: InboxID(key: key, id: bytes), command: .seek(request)), from: key)
    }

    mutating func tellParent(of key: RunKey, state: RunLifecycle, output: [UInt8]?, failure: StepFailure?) {
        // A run that was reopened has told its parent before.
        guard
            let parent = drafts[key]?.entry.withContents({ $0.run.generation == 0 ? $0.run.context.parent : nil })
        else { return }
        let outcome: ChildOutcome
        if state == .succeeded {
            outcome = .succeeded(output: output ?? Array("null".utf8))
        } else {
            let failure =
                failure ?? StepFailure(kind: .error, message: "the child run has \(state.text)", retryable: false)
            outcome = .failed(
                StepFailure(
                    kind: failure.kind, code: failure.code, message: "child run \(key.run): \(failure.message)",
                    retryable: false))
        }
        let id = InboxID(key: RunKey(tenant: key.tenant, run: parent.run), id: key.run.bytes)
        post(InboxMessage(id: id, command: .childEnded(step: parent.step, outcome)), from: key)
    }

    mutating func emit(_ emission: Emission, key: RunKey) {
        guard let run = emission.run else { return }
        let generation = drafts[key]?.entry.withContents { $0.run.generation } ?? 0
        let bytes = RunID.Bytes(
            high: key.run.bytes.high &+ UInt64(generation), low: key.run.bytes.low &+ UInt64(emission.step) &+ 1)
        // What a run says once more, after it was reopened, is another signal.
        let suffix = generation == 0 ? "" : "/\(generation)"
        let signal = RunSignal(
            name: emission.name, id: "\(key.run)/\(emission.step)\(suffix)", payload: emission.payload)
        let id = InboxID(key: RunKey(tenant: key.tenant, run: run), id: bytes)
        post(InboxMessage(id: id, command: .signal(signal)), from: key)
    }
}

extension RunID.Bytes {
    /// The id of the message that starts the run: another one than that of its end, which goes to the same parent.
    fileprivate var start: RunID.Bytes { RunID.Bytes(high: high, low: low ^ 1 << 63) }
}
