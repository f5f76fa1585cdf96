import Synchronization

/// Latencies in microseconds, all of them kept: the percentiles are exact.
final class Latencies: Sendable {
    private let values = Mutex<[Int64]>([])

    func add(_ microseconds: Int64) { values.withLock { $0.append(microseconds) } }

    func reset() { values.withLock { $0 = [] } }

    /// The same of many together.
    static func json(of all: some Sequence<Latencies>) -> String {
        let together = Latencies()
        for latencies in all {
            let values = latencies.values.withLock { $0 }
            together.values.withLock { $0 += values }
        }
        return together.json
    }

    /// `"count": …, "p50_ms": …, "p99_ms": …, "max_ms": …`
    var json: String {
        let sorted = values.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return "\"count\": 0" }
        func percentile(_ share: Double) -> Double {
            Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
        }
        return "\"count\": \(sorted.count), \"p50_ms\": \(percentile(0.5)), \"p95_ms\": \(percentile(0.95)), "
            + "\"p99_ms\": \(percentile(0.99)), \"max_ms\": \(Double(sorted[sorted.count - 1]) / 1000)"
    }
}
