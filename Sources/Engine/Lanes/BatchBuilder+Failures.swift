import Workflows

/// What is kept of failures, and runs that go on after theirs.
extension BatchBuilder {
    /// Writes a dead letter for a step that has failed, unless it failed because of its items, which have letters of
    /// their own.
    mutating func bury(_ transition: StepTransition, of entry: RunEntry, finish: FinishCommand?) {
        guard transition.step >= 0, let failure = transition.failure else { return }
        let step = transition.step
        let letter: DeadLetterRow? = entry.withContents { contents in
            let run = contents.run
            if run.reopenedItems(of: step)?.steps.isEmpty == false { return nil }
            let isTask = run.template(of: step)?.isTask == true
            return DeadLetterRow(
                key: entry.key, revision: transition.revision, step: step, name: run.name(of: step) ?? "",
                attempt: max(0, transition.attempt), generation: run.generation, flow: entry.flow.flow,
                // Why it cannot be made may be the failure itself, which says so.
                failure: failure, input: isTask ? try? run.makeInput(of: step) : nil,
                timing: finish?.timing ?? AttemptTiming(), isChild: run.context.parent != nil)
        }
        if let letter { batch.deadLetters.append(letter) }
    }

    mutating func reopen(_ key: RunKey, by: String) {
        guard let draft = drafts[key] else { return }
        draft.isReopened = true
        batch.reopened.append(RunReopened(key: key, expectedRevision: draft.expectedRevision, by: by))
        // It stays queued, as a new run would, until the store gives it a slot.
        guard draft.entry.withContents({ $0.run.lifecycle == .queued }), let limit = draft.entry.runLimit() else {
            return
        }
        batch.held.append(heldRun(key, entry: draft.entry, limit: limit))
    }
}
