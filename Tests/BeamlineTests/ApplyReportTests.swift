import ArgumentParser
import JSON
import Testing

@testable import beamline

@Suite("What an apply prints")
struct ApplyReportTests {
    private static let result: JSONValue = [
        "dry_run": false, "changed": true,
        "bundles": [["name": "b", "version": 4, "changed": true], ["name": "c", "version": 1, "changed": false]],
        "changes": [
            ["kind": "queue", "name": "q", "action": "unchanged", "version": 2, "differences": []],
            [
                "kind": "run_limit", "name": "l", "action": "change", "version": 3,
                "differences": [["path": "slots", "before": 2, "after": 5]],
            ],
            [
                "kind": "workflow", "name": "team/etl", "action": "change", "version": 4,
                "differences": [
                    ["path": "labels.team", "before": "billing"], ["path": "steps[load]", "after": ["id": "load"]],
                    [
                        "path": "description", "before": .string(String(repeating: "x", count: 90)),
                        "after": .string("short"),
                    ],
                ],
            ],
            ["kind": "workflow", "name": "new", "action": "create", "version": 1, "differences": []],
            ["kind": "workflow", "name": "old", "action": "keep", "version": 1, "differences": []],
        ],
    ]

    @Test("with the differences, each on its line")
    func differences() {
        #expect(
            ApplyReport(Self.result, showsDifferences: true, isColored: false).text == """
                ~ run limit l
                    ~ slots: 2 → 5
                ~ workflow team/etl
                    - labels.team: "billing"
                    + steps[load]: {"id":"load"}
                    ~ description:
                      - "\(String(repeating: "x", count: 90))"
                      + "short"
                + workflow new
                ! workflow old  (no longer declared; --prune removes it)
                bundle b v4
                bundle c v1 (unchanged)
                1 created, 2 changed, 1 kept, 1 unchanged
                """)
    }

    @Test("a dry run says so, and colours are for people who look")
    func dryRun() throws {
        var members = try #require(Self.result.objectValue)
        members["dry_run"] = true
        let text = ApplyReport(.object(members), showsDifferences: false, isColored: true).text
        #expect(text.contains("\u{1B}[33m~ run limit l\u{1B}[0m") && !text.contains("slots"))
        #expect(text.contains("bundle b would get v5"))
        #expect(text.hasSuffix("dry run: 1 created, 2 changed, 1 kept, 1 unchanged; nothing was applied"))
    }

    @Test("the flags of the command")
    func flags() throws {
        let command = try ApplyCommand.parse(["a.yaml", "b.yaml", "--dry-run", "--diff", "--prune"])
        #expect(command.files == ["a.yaml", "b.yaml"] && command.dryRun && command.diff && command.prune)
        #expect(throws: (any Error).self) { try ApplyCommand.parse([]) }
    }
}
