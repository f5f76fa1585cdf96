/// Counts observations by upper bound.
public final class Histogram: Sendable {
    /// Seconds, from half a millisecond to a minute.
    public static let latencyBuckets: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Counts, by powers of two up to 1024.
    public static let sizeBuckets: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

    private let bounds: [Double]
    /// One for each bound, and one for what is above all.
    private let counts: [Counter]
    private let sum = Gauge()

    public init(buckets: [Double] = Histogram.latencyBuckets) {
        precondition(zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }, "bounds must rise")
        bounds = buckets
        counts = (0...buckets.count).map { _ in Counter() }
    }

    /// Adds one observation; a NaN is not one.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count].add()
        sum.add(value)
    }

    /// Adds a duration in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// Observations so far.
    public var count: UInt64 { counts.reduce(0) { $0 + $1.value } }

    /// Buckets count upward: each holds all observations at or below its bound.
    func samples(labels: [(name: String, value: String)]) -> [MetricFamily.Sample] {
        var samples: [MetricFamily.Sample] = []
        var total: UInt64 = 0
        for (index, counter) in counts.enumerated() {
            total += counter.value
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            samples.append(.init(Double(total), labels: labels + [(name: "le", value: bound)], suffix: "_bucket"))
        }
        samples.append(.init(sum.value, labels: labels, suffix: "_sum"))
        samples.append(.init(Double(total), labels: labels, suffix: "_count"))
        return samples
    }
}

/// Histograms of one name, one for each combination of label values.
public final class HistogramFamily: MetricSource {
    private let name: String
    private let help: String
    private let histograms: LabelledInstruments<Histogram>

    init(name: String, help: String, labels: [String], buckets: [Double]) {
        self.name = name
        self.help = help
        histograms = LabelledInstruments(labels: labels) { Histogram(buckets: buckets) }
    }

    /// The histogram with these label values; hold it, the look-up takes a lock.
    public func callAsFunction(_ values: String...) -> Histogram { histograms[values] }

    func collect() -> MetricFamily {
        MetricFamily(
            name, help: help, kind: .histogram,
            samples: histograms.all.flatMap { $0.instrument.samples(labels: $0.labels) })
    }
}

extension MetricFamily {
    /// A histogram that a collector holds itself.
    public static func histogram(_ name: String, help: String, _ histogram: Histogram) -> Self {
        Self(name, help: help, kind: .histogram, samples: histogram.samples(labels: []))
    }
}
