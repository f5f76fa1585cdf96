import Engine
import Foundation
import JSON
import Logging
import PostgresStore
import TestSupport
import Testing
import Workflows

@testable import Server

@Suite("Rotation of dead letters", .timeLimit(.minutes(5)))
struct DeadLetterRotationTests {
    private func letter(_ number: Int64) -> DeadLetter {
        let run = RunID(RunID.Bytes(high: 1, low: UInt64(number)))
        return DeadLetter(
            row: DeadLetterRow(
                key: RunKey(tenant: TenantID(1), run: run), revision: number, step: 0, name: "a", attempt: 1,
                generation: 0, flow: FlowVersionID(1),
                failure: StepFailure(kind: .error, message: "line\nbreak", retryable: false),
                input: Array(#"{"n":\#(number)}"#.utf8)),
            workflow: "f", version: 1, at: Timestamp(microseconds: 1_700_000_000_000_000), redrivenAt: nil,
            redrivenBy: nil)
    }

    @Test("letters are appended as JSON lines, one file a day")
    func append() throws {
        let folder = NSTemporaryDirectory() + "/letters-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try DeadLetterRotation.append([letter(1), letter(2)], to: folder)
        try DeadLetterRotation.append([letter(3)], to: folder)
        let text = try String(contentsOfFile: "\(folder)/dead-letters-2023-11-14.jsonl", encoding: .utf8)
        let lines = try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(lines.map { $0["input"]?["n"] } == [1, 2, 3])
        #expect(lines[0]["error"]?["message"] == "line\nbreak" && lines[0]["workflow"] == "f")
    }

    @Test("a folder that cannot be made keeps the letters")
    func noFolder() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        let (key, _) = try await fixture.startRun()
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 1)]
        var row = letter(2).row
        row.key = key
        row.flow = fixture.flow
        batch.deadLetters = [row]
        _ = try await database.store.commit(batch)
        var options = DeadLetterOptions()
        options.count = 0
        options.exportFolder = "/dev/null/letters"
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let broken = DeadLetterRotation(store: database.store, options: options, logger: logger)
        await #expect(throws: StoreError.self) { try await broken.rotate() }
        options.exportFolder = nil
        let working = DeadLetterRotation(store: database.store, options: options, logger: logger)
        #expect(try await working.rotate() == 1)
        #expect(try await working.rotate() == 0)
        try await database.discard()
    }
}
