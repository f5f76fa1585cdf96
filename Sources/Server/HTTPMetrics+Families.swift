import HTTP
import Telemetry

extension HTTPMetrics {
    /// The transport's counters, as `/metrics` shows them.
    var families: [MetricFamily] {
        var order: [String] = []
        var samples: [String: [Sample]] = [:]
        for sample in self.samples() {
            if samples[sample.name] == nil { order.append(sample.name) }
            samples[sample.name, default: []].append(sample)
        }
        return order.map { name in
            let group = samples[name]!
            return MetricFamily(
                "beamline_\(name)", help: "Transport: \(name.split(separator: "_").joined(separator: " ")).",
                kind: group[0].isCounter ? .counter : .gauge,
                samples: group.map { MetricFamily.Sample(Double($0.value), labels: $0.labels) })
        }
    }
}
