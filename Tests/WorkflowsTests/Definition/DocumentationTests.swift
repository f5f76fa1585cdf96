import Foundation
import Testing
import Workflows

@Suite("The documentation of workflows")
struct DocumentationTests {
    private static func blocks() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "docs/workflows.md"), encoding: .utf8)
        return text.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
            .filter { $0.hasPrefix("name:") }
    }

    @Test("every definition in it is valid, and so is its canonical form")
    func definitions() throws {
        let blocks = try Self.blocks()
        #expect(blocks.count >= 7)
        for block in blocks {
            do {
                let workflow = try Workflow(parsing: Array(block.utf8), file: "workflows.md")
                #expect(try Workflow(canonical: workflow.definition.canonical).definition == workflow.definition)
            } catch {
                Issue.record("\(error)\n\(block)")
            }
        }
    }
}
