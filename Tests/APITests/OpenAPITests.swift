import Access
import Testing

@testable import API

@Suite("openapi.yaml and the routes", .timeLimit(.minutes(5)))
struct OpenAPITests {
    @Test("each operation has its route, each route its operation, under one name and with the same parameters")
    func agree() async throws {
        try await APIFixture.run { fixture in
            let document = OpenAPIDocument.shared.operations
            let served = Set(fixture.api.operations.map { "\($0.method) \($0.path) \($0.id)" })
            let promised = Set(document.map { "\($0.method) \($0.path) \($0.id)" })
            #expect(served == promised)
            #expect(document.count > 15)
            let routes = fixture.api.listed
            for operation in document {
                let route = try #require(routes.first { $0.operation == operation.id })
                #expect(route.parameters == operation.parameters, "\(operation.id)")
                #expect((route.rule == .open) == operation.isOpen, "\(operation.id)")
            }
        }
    }
}
