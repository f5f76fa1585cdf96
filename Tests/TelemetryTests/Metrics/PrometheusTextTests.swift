import Telemetry
import Testing

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test("families by name, with HELP and TYPE, escaped labels and cumulative buckets")
    func render() {
        let registry = MetricsRegistry()
        registry.counter("runs_total", help: "Runs, by\nstate.", labels: ["state"])("a\"b\\c\nd").add(3)
        registry.gauge("depth", help: "Depth.")().set(1.5)
        let histogram = registry.histogram("wait_seconds", help: "Wait.", buckets: [0.1, 1])()
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        registry.register { [.gauge("alive", help: "Alive.", 1)] }
        #expect(
            registry.render() == #"""
                # HELP alive Alive.
                # TYPE alive gauge
                alive 1
                # HELP depth Depth.
                # TYPE depth gauge
                depth 1.5
                # HELP runs_total Runs, by\nstate.
                # TYPE runs_total counter
                runs_total{state="a\"b\\c\nd"} 3
                # HELP wait_seconds Wait.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.1"} 2
                wait_seconds_bucket{le="1"} 3
                wait_seconds_bucket{le="+Inf"} 4
                wait_seconds_sum 7.65
                wait_seconds_count 4

                """#)
    }

    @Test("numbers that text formats disagree about")
    func numbers() {
        let families = [Double.infinity, -.infinity, .nan].map { MetricFamily.gauge("x", help: "", $0) }
        #expect(
            PrometheusText.render(families).split(separator: "\n").filter { $0.hasPrefix("x") } == [
                "x +Inf", "x -Inf", "x NaN",
            ])
    }

    @Test("the same name answers the same instrument; additions of many tasks are all counted")
    func concurrent() async {
        let registry = MetricsRegistry()
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = registry.counter("n_total", help: "N.", labels: ["kind"])("a")
                    let gauge = registry.gauge("g", help: "G.")()
                    for _ in 0..<1000 {
                        counter.add()
                        gauge.add(0.5)
                    }
                }
            }
        }
        #expect(registry.counter("n_total", help: "N.", labels: ["kind"])("a").value == 8000)
        #expect(registry.gauge("g", help: "G.")().value == 4000)
    }

    @Test("label values without end do not grow without end")
    func bounded() {
        let registry = MetricsRegistry()
        let family = registry.counter("n_total", help: "N.", labels: ["path"])
        for index in 0..<5000 { family("/\(index)").add() }
        let samples = registry.collect()[0].samples
        #expect(samples.count == 1001)
        #expect(samples.first { $0.labels[0].value == "other" }?.value == 4000)
    }
}
