import Foundation
import Testing
import Workflows

@Suite("The examples")
struct ExamplesTests {
    @Test("are valid definitions")
    func valid() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../examples")
            .standardized
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.count >= 2)
        for file in files {
            let source = try Data(contentsOf: folder.appending(path: file))
            do {
                let workflow = try Workflow(parsing: Array(source), file: file)
                #expect(try Workflow(canonical: workflow.definition.canonical).definition == workflow.definition)
            } catch {
                Issue.record("\(error)")
            }
        }
    }
}
