import Foundation
import Testing

@testable import Access

@Suite("The table of entry points")
struct EntryPointsTests {
    @Test("each name stands once, and is found by what the servers know of it")
    func names() {
        #expect(Set(EntryPoints.all.map { "\($0.kind) \($0.name)" }).count == EntryPoints.all.count)
        for entry in EntryPoints.all {
            switch entry.kind {
            case .rest: #expect(EntryPoints.rule(operation: entry.name) == entry.rule)
            case .grpc: #expect(EntryPoints.rule(path: "/\(entry.name)") == entry.rule)
            }
        }
        #expect(EntryPoints.rule(operation: "nothing") == nil && EntryPoints.rule(path: "/a.B/C") == nil)
    }

    @Test("only health and sign-in are open")
    func open() {
        #expect(
            EntryPoints.all.filter { $0.rule == .open }.map(\.name) == [
                "getHealth", "getReadiness", "createSession", "listSignInProviders", "startSignIn", "finishSignIn",
            ])
    }

    @Test("docs/permissions.md is what the tables say; otherwise: make generate")
    func document() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../../docs/permissions.md")
            .standardized
        #expect(try String(contentsOf: file, encoding: .utf8) == PermissionDocument.text)
    }
}
