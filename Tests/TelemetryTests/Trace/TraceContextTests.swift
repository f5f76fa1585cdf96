import Testing

@testable import Telemetry

@Suite("W3C trace context")
struct TraceContextTests {
    @Test("what is parsed is formatted as it came")
    func roundTrip() throws {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let context = try #require(TraceContext(traceparent: header, tracestate: "congo=t61rcWkgMzE"))
        #expect(context.traceparent == header)
        #expect(context.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID.description == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.state == "congo=t61rcWkgMzE")
    }

    @Test(
        "an invalid header is no context",
        arguments: [
            "", "00", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01extra",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
            "00x4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ])
    func invalid(header: String) {
        #expect(TraceContext(traceparent: header) == nil)
    }

    @Test("a later version is read as far as this one goes")
    func laterVersion() {
        let context = TraceContext(traceparent: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-what-comes")
        #expect(context?.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09")
    }

    @Test("an invalid tracestate is dropped, the trace is kept")
    func invalidState() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
        for state in ["no-pair", "a=\u{7}", String(repeating: "a=b,", count: 33), String(repeating: "x", count: 513)] {
            let context = TraceContext(traceparent: header, tracestate: state)
            #expect(context != nil && context?.state == "")
        }
    }

    @Test("a child is in the trace of its parent, under another span")
    func child() {
        var generator = SystemRandomNumberGenerator()
        let root = TraceContext.root(sampled: true, using: &generator)
        let child = root.child(using: &generator)
        #expect(child.traceID == root.traceID)
        #expect(child.spanID != root.spanID)
        #expect(child.isSampled)
    }
}
