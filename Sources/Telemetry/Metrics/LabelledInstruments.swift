import Synchronization

/// The instruments of one family by their label values, made on first use and kept.
///
/// Label values come from closed sets (routes, status classes, task types), never from what a caller may choose freely:
/// beyond `limit` combinations all further ones share the instrument labelled `other`, so that memory stays bounded.
final class LabelledInstruments<Instrument: Sendable>: Sendable {
    let labels: [String]
    private let limit: Int
    private let make: @Sendable () -> Instrument
    private let instruments = Mutex<[[String]: Instrument]>([:])

    init(labels: [String], limit: Int = 1000, make: @escaping @Sendable () -> Instrument) {
        self.labels = labels
        self.limit = limit
        self.make = make
    }

    subscript(values: [String]) -> Instrument {
        precondition(values.count == labels.count, "a value for each label of \(labels)")
        return instruments.withLock { instruments in
            if let known = instruments[values] { return known }
            let key = instruments.count < limit ? values : Array(repeating: "other", count: labels.count)
            if let known = instruments[key] { return known }
            let instrument = make()
            instruments[key] = instrument
            return instrument
        }
    }

    /// All of them in a stable order.
    var all: [(labels: [(name: String, value: String)], instrument: Instrument)] {
        instruments.withLock { Array($0) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { (Array(zip(labels, $0.key)).map { (name: $0.0, value: $0.1) }, $0.value) }
    }
}
