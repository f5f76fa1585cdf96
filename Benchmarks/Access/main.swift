// What authentication by a remembered token and authorisation add to a request: `swift run -c release access-bench`.
import Access

struct Directory: AccessDirectory {
    func standing(of principal: Principal) async throws -> PrincipalStanding? { PrincipalStanding(tenant: 1) }
    func key(digest: Digest) async throws -> KeyStanding? { nil }
    func session(digest: Digest) async throws -> SessionStanding? { nil }
    func accessEpochs(recent: Bool) async throws -> [Int32: Int64] { [:] }
    func noteUse(of keys: [String: Int64]) async throws {}
}

let key = try SigningKey.generate(id: "k")
let authenticator = Authenticator(
    TokenVerifier(keys: try KeySet([key]), issuer: "beamline", audience: "beamline"), directory: Directory())
let now: Int64 = 1_800_000_000
let minter = TokenMinter(key: key, issuer: "beamline", audience: "beamline")
var tokens: [String] = []
for index in 0..<64 {
    tokens.append(
        try minter.mint(
            subject: "service-\(index)", tenant: "default", roles: [.operator], lifetime: 3600, now: now, id: "\(index)"
        ))
}

func round(_ count: Int) async throws -> Duration {
    let began = ContinuousClock.now
    for index in 0..<count {
        let identity = try await authenticator.authenticate(tokens[index & 63], now: now)
        try authorize(identity.principal, .startRuns, .workflow("deploy"))
    }
    return ContinuousClock.now - began
}

_ = try await round(10_000)
let count = 500_000
var best = Duration.seconds(1000)
for _ in 0..<5 { best = min(best, try await round(count)) }
let nanoseconds = Double(best.components.attoseconds) / 1e9 + Double(best.components.seconds) * 1e9
print(
    "token of \(tokens[0].utf8.count) bytes: \((nanoseconds / Double(count)).rounded()) ns a request, best of 5 rounds")
