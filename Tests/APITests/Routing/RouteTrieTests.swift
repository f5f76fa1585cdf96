import Testing

@testable import API

@Suite("Route trie")
struct RouteTrieTests {
    private let trie: RouteTrie<String> = {
        var trie = RouteTrie<String>()
        for (method, pattern) in [
            ("GET", "/healthz"), ("GET", "/v1/runs"), ("POST", "/v1/runs"), ("GET", "/v1/runs/{id}"),
            ("POST", "/v1/runs/{id}/cancel"), ("POST", "/v1/workflows/validate"), ("GET", "/v1/workflows/{name}"),
            ("GET", "/v1/workflows/{name}/versions"),
        ] {
            trie.insert("\(method) \(pattern)", method: method, pattern: pattern)
        }
        return trie
    }()

    private func match(_ method: String, _ path: String) -> String {
        switch trie.match(method: method, path: path) {
        case .found(let value, let parameters):
            "\(value) \(parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))"
        case .otherMethods(let methods): "allow \(methods.keys.sorted().joined(separator: ","))"
        case .nothing: "nothing"
        case .malformed: "malformed"
        }
    }

    @Test(
        "paths",
        arguments: [
            ("GET", "/healthz", "GET /healthz "), ("GET", "/v1/runs/01J", "GET /v1/runs/{id} id=01J"),
            ("POST", "/v1/runs/a%2Fb/cancel", "POST /v1/runs/{id}/cancel id=a/b"),
            ("GET", "/v1/workflows/team%2Fetl", "GET /v1/workflows/{name} name=team/etl"),
            ("GET", "/v1/workflows/team/etl", "nothing"),
            ("POST", "/v1/workflows/validate", "POST /v1/workflows/validate "),
            ("GET", "/v1/workflows/validate", "GET /v1/workflows/{name} name=validate"),
            ("DELETE", "/v1/runs", "allow GET,POST"), ("DELETE", "/v1/workflows/validate", "allow GET,POST"),
            ("GET", "/v1/runs/", "nothing"), ("GET", "/v1/runs//cancel", "nothing"), ("GET", "/", "nothing"),
            ("GET", "", "nothing"), ("GET", "*", "nothing"), ("GET", "/v1/runs/%zz", "malformed"),
            ("GET", "/v1/runs/%00", "malformed"), ("GET", "/v1/runs/%ff", "malformed"),
            ("GET", "/v1/runs/%C3%A4", "GET /v1/runs/{id} id=ä"), ("GET", "/v1/runs/a+b", "GET /v1/runs/{id} id=a+b"),
        ])
    func paths(method: String, path: String, expected: String) {
        #expect(match(method, path) == expected)
    }
}
