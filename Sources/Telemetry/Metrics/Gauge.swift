import Synchronization

/// A number that rises and falls.
public final class Gauge: Sendable {
    /// The bits of a `Double`.
    private let bits = Atomic<UInt64>(0)

    public init() {}

    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    public func add(_ amount: Double) {
        var known = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: known) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: known, desired: next, ordering: .relaxed)
            if exchanged { return }
            known = original
        }
    }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Gauges of one name, one for each combination of label values.
public final class GaugeFamily: MetricSource {
    private let name: String
    private let help: String
    private let gauges: LabelledInstruments<Gauge>

    init(name: String, help: String, labels: [String]) {
        self.name = name
        self.help = help
        gauges = LabelledInstruments(labels: labels) { Gauge() }
    }

    /// The gauge with these label values; hold it, the look-up takes a lock.
    public func callAsFunction(_ values: String...) -> Gauge { gauges[values] }

    func collect() -> MetricFamily {
        MetricFamily(
            name, help: help, kind: .gauge, samples: gauges.all.map { .init($0.instrument.value, labels: $0.labels) })
    }
}
