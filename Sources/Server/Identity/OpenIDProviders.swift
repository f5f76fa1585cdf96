import API
import Access
import HTTPClient
import Logging
import Supervision
import Telemetry

/// The OpenID providers of a node, from the operator's file.
struct OpenIDProviders: Sendable {
    let all: [OpenIDProvider]

    /// - Parameter file: JSON; `nil` for none.
    static func open(_ file: String?, logger: Logger) throws -> Self {
        guard let file else { return Self(all: []) }
        guard let bytes = try DurableFile.read(file) else {
            throw DurableFile.Failure("\(file): there is no such file")
        }
        let configurations: [IssuerConfiguration]
        do {
            configurations = try IssuerConfiguration.read(json: bytes)
        } catch { throw DurableFile.Failure("\(file): \(error)") }
        for configuration in configurations {
            guard configuration.url != NodeKeys.issuer else {
                throw DurableFile.Failure("\(file): \(configuration.url) is this server's own issuer")
            }
            // A missing secret is said at the start, not at the first sign-in.
            _ = try configuration.client?.secret()
        }
        let client = HTTPClient()
        return Self(
            all: configurations.map {
                OpenIDProvider($0, client: client, logger: logger) { WallTime.now().microseconds / 1_000_000 }
            })
    }

    /// Whose bearer tokens are taken.
    var issuers: [Issuer] { all.compactMap(\.issuer) }

    /// Where people sign in.
    var signIn: [any SignInProvider] { all.filter { $0.configuration.client != nil } }

    /// Keeps their keys; with none there is nothing to do.
    func supervisor(access: AccessWatch, logger: Logger) -> ChildSpec? {
        guard !all.isEmpty else { return nil }
        return ChildSpec(
            Supervisor(
                "issuers", logger: logger,
                children: all.flatMap { provider in
                    [
                        ChildSpec("\(provider.name) keys") { try await provider.run() },
                        ChildSpec("\(provider.name) changes") {
                            while true {
                                await provider.changes.wait()
                                try Task.checkCancellation()
                                access.keysChanged()
                            }
                        },
                    ]
                }))
    }
}
