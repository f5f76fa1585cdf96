import Engine

/// A reader of a node's events, as a browser is: it must miss none unless it is told so.
struct EventReader: Sendable {
    let world: World
    let ledger: Ledger
    let life: NodeLife

    func read(_ engine: Engine) async {
        let subscription = engine.events.subscribe(tenant: ledger.tenant)
        var last: EventPosition?
        do {
            while let delivery = try await subscription.next() {
                switch delivery {
                case .changes(let changes, let position):
                    // Commits that come together are told together.
                    for change in changes where change.position != last {
                        check(change.position, after: last)
                        last = change.position
                    }
                    last = position
                    world.cover("reader gets changes")
                case .resync(let position):
                    world.trace.note("\(life) reader resyncs")
                    last = position
                }
            }
        } catch {
            // A live reader asks the store for nothing.
            world.violate(.eventsInOrder, "\(life) reader: \(error)")
        }
        subscription.close()
    }

    private func check(_ position: EventPosition, after last: EventPosition?) {
        guard let last else { return }
        let next = ledger.position(after: last)
        if next != position {
            world.violate(
                .eventsInOrder, "\(life) reader gets \(position) after \(last), and not \(String(describing: next))")
        }
    }
}
