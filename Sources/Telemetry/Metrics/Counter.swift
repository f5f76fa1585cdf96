public import Synchronization

/// A number that only rises.
public final class Counter: Sendable {
    @usableFromInline let count = Atomic<UInt64>(0)

    public init() {}

    @inlinable
    public func add(_ amount: UInt64 = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    @inlinable
    public var value: UInt64 { count.load(ordering: .relaxed) }
}

/// Counters of one name, one for each combination of label values.
public final class CounterFamily: MetricSource {
    private let name: String
    private let help: String
    private let counters: LabelledInstruments<Counter>

    init(name: String, help: String, labels: [String]) {
        self.name = name
        self.help = help
        counters = LabelledInstruments(labels: labels) { Counter() }
    }

    /// The counter with these label values, in the order of the family's labels; hold it, the look-up takes a lock.
    public func callAsFunction(_ values: String...) -> Counter { counters[values] }

    func collect() -> MetricFamily {
        MetricFamily(
            name, help: help, kind: .counter,
            samples: counters.all.map { .init(Double($0.instrument.value), labels: $0.labels) })
    }
}
