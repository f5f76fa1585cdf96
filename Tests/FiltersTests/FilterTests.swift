import Filters
import Testing

/// The keys of runs, as a caller would name them.
let runKeys = [
    FilterKey("state", .word(["queued", "running", "succeeded", "failed", "timed_out"])), FilterKey("workflow", .text),
    FilterKey("queue", .text), FilterKey("label", .text, takesName: true), FilterKey("attempts", .number),
    FilterKey("duration", .duration), FilterKey("created", .time),
    FilterKey("since", .time, property: "created", implied: .atLeast),
    FilterKey("until", .time, property: "created", implied: .less),
]

private struct Run: FilterRecord {
    var properties: [String: [FilterRecordValue]]
    var labels: [String: String] = [:]
    var searchedTexts: [String] = []

    func values(of property: String, name: String?) -> [FilterRecordValue] {
        if let name { return labels[name].map { [.text($0)] } ?? [] }
        return properties[property] ?? []
    }
}

@Suite("Filters")
struct FilterTests {
    private static let hour: Int64 = 3_600_000_000
    /// 2026-03-01T12:00:00Z
    private static let now: Int64 = 1_772_366_400_000_000

    private let run = Run(
        properties: [
            "state": [.text("failed")], "workflow": [.text("etl/load")], "queue": [.text("default")],
            "attempts": [.amount(3)], "duration": [.amount(5 * 60_000_000)], "created": [.amount(now - 2 * hour)],
        ], labels: ["team": "billing"], searchedTexts: ["Disk is FULL", "run-1"])

    private func accepts(_ text: String) throws -> Bool {
        try Filter(parsing: text, keys: runKeys).accepts(run, now: Self.now)
    }

    @Test(
        "what a record passes",
        arguments: [
            "", "  ", "state:failed", "state:failed,timed_out", "state:timed_out,failed workflow:etl/*", "-queue:bulk",
            "workflow:*load",
            "workflow:*l*l*", "workflow:*", "label.team:billing", "label.team:*", "-label.owner:*", "attempts:3",
            "attempts:>2", "attempts:>=3",
            "attempts:<4", "attempts:<=3", "attempts:1..3", "attempts:3..", "attempts:..3", "attempts:1,3",
            "duration:5m", "duration:>4m59s",
            "duration:>=5m", "duration:1m..1h", "since:3h", "until:1h", "created:<1h", "created:>3h",
            "created:2026-03-01", "created:>=2026-03-01",
            "created:<=2026-03-01", "created:2026-02-01..2026-03-01", "created:2026-03-01T10:00:00Z",
            "created:2026-03-01T11:00:00+01:00",
            "since:2026-03-01", "disk", "\"disk is\"", "-\"disk was\"", "full run-1", "queue:\"default\"",
        ])
    func accepted(text: String) throws { #expect(try accepts(text)) }

    @Test(
        "what it does not",
        arguments: [
            "state:running", "-state:failed,running", "workflow:etl", "workflow:*x*", "workflow:\"etl/*\"",
            "label.team:ops", "label.owner:*",
            "attempts:>3", "attempts:<3", "attempts:4..", "attempts:..2", "duration:>5m", "duration:<5m", "since:1h",
            "until:3h", "created:>1h",
            "created:2026-02-28", "created:>2026-03-01", "created:<2026-03-01", "created:2026-03-01T10:00:00.000001Z",
            "-disk", "disk empty",
            "state:failed queue:bulk", "attempts:1,2",
        ])
    func refused(text: String) throws { #expect(try !accepts(text)) }

    @Test(
        "one form for what means the same",
        arguments: [
            ("  state:failed   \"a b\" ", "state:failed \"a b\""), ("word", "\"word\""), ("-word", "-\"word\""),
            ("duration:>90m", "duration:>1h30m"),
            ("since:1w", "since:7d"), ("queue:\"bulk\"", "queue:bulk"), ("queue:\"a b\",c*", "queue:\"a b\",c*"),
            ("queue:\"a*\"", "queue:\"a*\""), ("queue:\"say \\\"x\\\\\"", "queue:\"say \\\"x\\\\\""),
            ("attempts:..3", "attempts:..3"),
            ("label.team:x", "label.team:x"), ("queue:\"-a\"", "queue:\"-a\""), ("queue:\"\"", "queue:\"\""),
            ("attempts:0003", "attempts:3"),
        ])
    func canonical(written: String, text: String) throws {
        let filter = try Filter(parsing: written, keys: runKeys)
        #expect(filter.text == text)
        #expect(try Filter(parsing: filter.text, keys: runKeys) == filter)
    }

    @Test(
        "problems with their positions and remedies",
        arguments: [
            ("stat:failed", "at character 1: unknown key \"stat\"; did you mean \"state\"?"),
            ("  -labl.team:x", "at character 4: unknown key \"labl.team\"; did you mean \"label.team\"?"),
            ("state:faild", "at character 7: there is no state \"faild\"; did you mean \"failed\"?"),
            (
                "state:failed,qqqq",
                "at character 14: there is no state \"qqqq\"; it is one of queued, running, succeeded, failed, timed_out"
            ),
            ("label:x", "at character 1: label needs a name; as in label.NAME:VALUE"),
            ("state:", "at character 7: state has an empty value; write \"\" for one"),
            ("queue:a,,b", "at character 9: queue has an empty value; write \"\" for one"),
            ("\"open", "at character 1: the quotes are not closed; end the text with \""),
            ("attempts:x", "at character 10: attempts takes a whole number, not \"x\"; as in attempts:>3"),
            ("duration:5", "at character 10: duration takes a length of time, not \"5\"; as in duration:>1h30m"),
            ("duration:5m1h", "at character 10: duration takes a length of time, not \"5m1h\"; as in duration:>1h30m"),
            (
                "created:2026-02-30",
                "at character 9: created takes a time, not \"2026-02-30\"; as in 2h, 2026-03-01 or 2026-03-01T09:30:00Z"
            ),
            (
                "created:2h",
                "at character 9: created needs a comparison before a length of time; created:>2h is later than 2h ago, created:<2h earlier"
            ),
            ("since:>2h", "at character 7: since is a comparison itself; write since:2h"),
            ("attempts:..", "at character 10: a range needs at least one end; as in 1..5, 1.. or ..5"),
            ("-", "at character 1: - stands alone; write it right before a term"),
            ("queue:\"a\"b", "at character 10: a value ends before this; put a space or a comma between them"),
            ("é stat:x", "at character 3: unknown key \"stat\"; did you mean \"state\"?"),
        ])
    func problem(text: String, message: String) throws {
        let error = try #require(throws: FilterError.self) { try Filter(parsing: text, keys: runKeys) }
        #expect(error.description == message)
    }

    @Test("every problem at once, and bounds on size")
    func problems() throws {
        let error = try #require(throws: FilterError.self) {
            try Filter(parsing: "stat:x attempts:y queue:ok", keys: runKeys)
        }
        #expect(error.problems.map(\.offset) == [0, 16])
        #expect(error.problems.map(\.length) == [4, 1])
        for text in [String(repeating: "a", count: 5000), String(repeating: "a ", count: 600)] {
            #expect(throws: FilterError.self) { try Filter(parsing: text, keys: runKeys) }
        }
    }

    @Test("for a terminal, with a mark below each place")
    func rendering() throws {
        let text = "state:faild\t\u{1F600} attempts:x"
        let error = try #require(throws: FilterError.self) { try Filter(parsing: text, keys: runKeys) }
        #expect(
            error.rendered(in: text) == """
                  state:faild \u{1F600} attempts:x
                        ^~~~~ there is no state "faild"; did you mean "failed"?
                                         ^ attempts takes a whole number, not "x"; as in attempts:>3

                """)
        let open = try #require(throws: FilterError.self) { try Filter(parsing: "state:", keys: runKeys) }
        #expect(open.rendered(in: "state:") == "  state:\n        ^ state has an empty value; write \"\" for one\n")
    }

    @Test("words with colons that are no keys are searched")
    func search() throws {
        let filter = try Filter(parsing: "a/b:c http://x", keys: runKeys + [FilterKey("http", .text)])
        #expect(filter.clauses.first?.subject == .search("a/b:c"))
        #expect(filter.text == "\"a/b:c\" http://x")
    }

    @Test("what a statement is made from")
    func predicates() throws {
        let filter = try Filter(
            parsing: "state:failed,timed_out -workflow:etl_1/*,x since:2h attempts:2..4,>9 50%", keys: runKeys)
        let created = Self.now - 2 * Self.hour
        #expect(
            filter.predicates(now: Self.now) == [
                FilterPredicate(
                    subject: .property("state", name: nil), isNegated: false, texts: ["failed", "timed_out"],
                    patterns: [], intervals: []),
                FilterPredicate(
                    subject: .property("workflow", name: nil), isNegated: true, texts: ["x"], patterns: ["etl\\_1/%"],
                    intervals: []),
                FilterPredicate(
                    subject: .property("created", name: nil), isNegated: false, texts: [], patterns: [],
                    intervals: [FilterInterval(from: created, to: nil)]),
                FilterPredicate(
                    subject: .property("attempts", name: nil), isNegated: false, texts: [], patterns: [],
                    intervals: [FilterInterval(from: 2, to: 5), FilterInterval(from: 10, to: nil)]),
                FilterPredicate(
                    subject: .search, isNegated: false, texts: ["50%"], patterns: ["%50\\%%"], intervals: []),
            ])
    }

    @Test("the largest amounts run into no trap")
    func extremes() throws {
        for text in [
            "attempts:>9223372036854775807", "attempts:9223372036854775807", "attempts:<-9223372036854775808",
            "since:15000w", "created:0000-01-01..9999-12-31",
        ] {
            _ = try Filter(parsing: text, keys: runKeys).accepts(run, now: Self.now)
        }
        #expect(throws: FilterError.self) { try Filter(parsing: "since:99999999999999999w", keys: runKeys) }
        let earliest = try Filter(parsing: "since:15000w", keys: runKeys)
        #expect(earliest.predicates(now: .min + 5)[0].intervals == [FilterInterval(from: .min, to: nil)])
    }
}
