import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Log handlers")
struct LogHandlerTests {
    private final class Lines: Sendable {
        let text = Mutex("")
        var output: LogOutput {
            LogOutput { line in self.text.withLock { $0 += String(decoding: line, as: UTF8.self) } }
        }
        var all: String { text.withLock { $0 } }
    }

    private let secret = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"

    @Test("one JSON object a line, with time, level, logger, message and metadata")
    func json() {
        let lines = Lines()
        let logger = Logger(label: "beamline.http") { JSONLogHandler(label: $0, output: lines.output) }
        logger.info(
            "a \"quoted\"\nline", metadata: ["run_id": "01J", "list": ["x", "\u{1}"], "map": ["b": "2", "a": "1"]])
        #expect(lines.all.hasSuffix("}\n"))
        #expect(
            lines.all.dropFirst(#"{"time":"2026-11-21T02:43:34.000000Z""#.utf8.count) == """
                ,"level":"info","logger":"beamline.http","message":"a \\"quoted\\"\\nline",\
                "list":["x","\\u0001"],"map":{"a":"1","b":"2"},"run_id":"01J"}

                """)
    }

    @Test("secrets are never written, whatever way they come")
    func redaction() {
        for make in [
            { (lines: Lines) in Logger(label: "x") { JSONLogHandler(label: $0, output: lines.output) } },
            { (lines: Lines) in Logger(label: "x") { _ in TextLogHandler(output: lines.output) } },
        ] {
            let lines = Lines()
            let logger = make(lines)
            logger.info("got \(secret) and Authorization: Bearer opaque-credential here")
            logger.info(
                "m", metadata: ["authorization": "hunter2", "nested": ["set-cookie": "hunter2"], "other": "\(secret)"])
            logger.info("m", metadata: ["tokens": "17"])
            #expect(!lines.all.contains("eyJ"))
            #expect(!lines.all.contains("opaque-credential"))
            #expect(lines.all.contains("17"))
            #expect(lines.all.contains("[redacted]"))
        }
    }

    @Test("text for terminals cannot be steered by what a caller sent")
    func text() {
        let lines = Lines()
        let logger = Logger(label: "x") { _ in TextLogHandler(output: lines.output) }
        logger.warning("a\u{1b}[31m\nb", metadata: ["k": "v\r"])
        #expect(lines.all.dropFirst("02:43:34.000 ".count) == "WARNING  a\\u{1b}[31m\\u{a}b k=v\\u{d}\n")
    }

    @Test("levels below the handler's are not written")
    func level() {
        let lines = Lines()
        let logger = Logger(label: "x") { JSONLogHandler(label: $0, level: .warning, output: lines.output) }
        logger.info("quiet")
        logger.error("loud")
        #expect(!lines.all.contains("quiet") && lines.all.contains("loud"))
    }
}
