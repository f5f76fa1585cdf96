import JSON
import Protobuf
import Testing

@testable import WorkerRuntime

/// The example's programs as its steps run them, against what dpkg and apt say.
@Suite("package-audit", .timeLimit(.minutes(3)))
struct PackageAuditTests {
    let programs: String

    init() {
        // The repository stands four names above this file.
        programs = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined() + "/examples/package-audit"
    }

    func step(_ bench: ExecutorBench, _ input: JSONValue) async throws -> JSONValue {
        let outcome = await bench.python(["file": .string("\(programs)/audit.py"), "input": input])
        return try #require(outcome.output, "\(String(describing: outcome.failure?.message))")
    }

    @Test("eight parts in parallel; the numbers agree with dpkg-query, dpkg and apt")
    func audit() async throws {
        let bench = try ExecutorBench()
        let workspace = try TestFolder()
        let read = try await step(
            bench,
            [
                "step": "read", "status": "/var/lib/dpkg/status", "workspace": .string(workspace.path), "run": "r1",
                "parts": 8,
            ])
        let folder = try #require(read["folder"])
        let analysed = try await withThrowingTaskGroup(of: Int64.self) { group in
            for part in 1...8 {
                group.addTask {
                    let output = try await step(
                        bench, ["step": "analyse", "folder": folder, "part": .int(Int64(part))])
                    return output["packages"]?.intValue ?? 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(analysed > 50 && analysed == read["packages"]?.intValue)
        let joined = try await step(bench, ["step": "join", "folder": folder, "parts": 8])
        let summary = try await step(bench, ["step": "report", "folder": folder])
        #expect(summary["packages"] == read["packages"] && summary["broken"] == joined["broken"])
        let report = try #require(summary["report"]?.stringValue)
        #expect(report.hasPrefix(workspace.path) && report.hasSuffix("/report.html"))

        let check = await bench.shell([
            "command": [.string("\(programs)/check"), "--report", .string("\(workspace.path)/r1/report.json")]
        ])
        #expect(check.output == .null, "\(bench.log.text())")
        #expect(bench.log.text().contains("all agree"))
    }
}
