import Synchronization

/// All metrics of a process, rendered for a Prometheus scraper.
///
/// Instruments are made once and held by whoever counts; counting is one atomic addition. Modules that keep their own
/// atomics hand in a collector, which is asked at each scrape.
public final class MetricsRegistry: Sendable {
    /// Asked at each scrape; must not block.
    public typealias Collector = @Sendable () -> [MetricFamily]

    private struct State {
        var families: [String: any MetricSource] = [:]
        var collectors: [Collector] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// The family's counter, made on first use.
    ///
    /// - Parameter name: ends in `_total` by convention; a second call with this name answers the same family.
    public func counter(_ name: String, help: String, labels: [String] = []) -> CounterFamily {
        family(name) { CounterFamily(name: name, help: help, labels: labels) }
    }

    public func gauge(_ name: String, help: String, labels: [String] = []) -> GaugeFamily {
        family(name) { GaugeFamily(name: name, help: help, labels: labels) }
    }

    /// - Parameter buckets: upper bounds, rising, without the infinite one; seconds for durations.
    public func histogram(
        _ name: String, help: String, labels: [String] = [], buckets: [Double] = Histogram.latencyBuckets
    ) -> HistogramFamily {
        family(name) { HistogramFamily(name: name, help: help, labels: labels, buckets: buckets) }
    }

    /// Adds a source of families whose names no other source uses.
    public func register(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Every family now, by name.
    public func collect() -> [MetricFamily] {
        let (families, collectors) = state.withLock { (Array($0.families.values), $0.collectors) }
        var all = families.map { $0.collect() }
        for collector in collectors { all.append(contentsOf: collector()) }
        return all.sorted { $0.name < $1.name }
    }

    private func family<Family: MetricSource>(_ name: String, make: () -> Family) -> Family {
        precondition(MetricFamily.isValid(name: name), "metric name \(name) is not one of Prometheus")
        return state.withLock { state in
            if let known = state.families[name] {
                guard let family = known as? Family else {
                    preconditionFailure("metric \(name) is registered as another kind")
                }
                return family
            }
            let family = make()
            state.families[name] = family
            return family
        }
    }
}

/// Something that can be asked for its samples.
protocol MetricSource: Sendable {
    func collect() -> MetricFamily
}
