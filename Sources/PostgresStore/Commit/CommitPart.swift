internal import Engine
internal import Workflows

/// A part of a batch that is written by one transaction: all of it at first, less when some run stood in the way.
struct CommitPart {
    var selection: CommitColumns.Selection
    /// How often the same part was tried in vain.
    var tries = 0
    /// Some row was there already: runs are looked for before they are inserted.
    var isContested = false

    /// The part without some runs.
    func without(_ keys: Set<RunKey>) -> CommitPart {
        switch selection {
        case .all(let excluded): part(.all(except: excluded.union(keys)))
        case .only(let chosen): part(.only(chosen.subtracting(keys)))
        }
    }

    /// Two parts, the second with the second half of these runs alone.
    func halved(_ keys: [RunKey]) -> (CommitPart, CommitPart) {
        let half = Set(keys[(keys.count / 2)...])
        return (without(half), part(.only(half)))
    }

    private func part(_ selection: CommitColumns.Selection) -> CommitPart {
        CommitPart(selection: selection, isContested: isContested)
    }

    /// The same, expecting rows that are there already.
    func contested() -> CommitPart { CommitPart(selection: selection, tries: tries, isContested: true) }

    func again() -> CommitPart {
        CommitPart(selection: selection, tries: tries + 1, isContested: isContested)
    }
}

extension BatchID {
    /// The id of the numbered transaction of a batch: the batch's own for the first.
    func part(_ number: Int) -> BatchID {
        BatchID(RunID.Bytes(high: value.high, low: value.low &+ UInt64(number)))
    }
}
