import ArgumentParser
import JSON
import Testing

@testable import beamline

@Suite("Breaker commands")
struct BreakerCommandTests {
    @Test func onlyWhatIsSaidIsSent() throws {
        let options = try BreakerOptions.parse(["--failures", "7", "--open", "45s", "--ratio", "0.5"])
        #expect(options.body == ["failures": 7, "ratio": 0.5, "open": "45s"])
        #expect(try BreakerOptions.parse([]).body == .object([]))
    }

    @Test func aTableOfBreakers() {
        let text = BreakerCommand.text([
            [
                "name": "http", "kind": "task_type", "state": "open", "since": "2026-11-21T16:00:00Z",
                "until": "2026-11-21T16:00:30Z", "failures": 20, "ratio": 0.25, "window": "1m", "failed": 3, "trips": 2,
            ]
        ])
        #expect(text.contains("http") && text.contains("task_type") && text.contains("2026-11-21T16:00:30Z"))
        #expect(text.contains("20 in 1m, 25 %"))
    }

    @Test func namesAreEncoded() { #expect(BreakerCommand.path(#":"a/b""#) == "/v1/breakers/%3A%22a%2Fb%22") }
}
