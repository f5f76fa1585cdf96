import API
import Access
import Engine
import GRPC
import HTTP
import JSON
import Logging
import NIOCore
import PostgresStore
import Protobuf
import Secrets
import Supervision
import Telemetry
import TestSupport
import Workflows

/// A whole edge over a real engine, PostgreSQL and sockets, for one test.
struct APIFixture: Sendable {
    let api: API
    let engine: Engine
    let database: StoreDatabase
    let store: PostgresStore
    let address: HTTPAddress
    let connection: HTTP2Connection
    let key: SigningKey
    let minter: TokenMinter
    let ring: KeyRing
    let authenticator: Authenticator
    let metrics: MetricsRegistry
    let ready: Flag
    let tree: Supervisor

    static let issuer = "beamline-test"
    static let audience = "beamline"
    /// Seconds since 1970.
    static var now: Int64 { WallTime.now().microseconds / 1_000_000 }

    /// Runs a body against a server that is up.
    static func run(
        rates: RatePolicies? = nil, signIn: [any SignInProvider] = [],
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: @Sendable @escaping (APIFixture) async throws -> Void
    ) async throws {
        try await places.within { try await serve(rates: rates, signIn: signIn, logger: logger, body) }
    }

    /// Each has up to 16 connections to the cluster that all tests share.
    private static let places = TestPlaces(16)

    private static func serve(
        rates: RatePolicies?, signIn: [any SignInProvider], logger: Logger,
        _ body: @Sendable @escaping (APIFixture) async throws -> Void
    ) async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        for tenant in ["acme", "other"] { _ = try await store.ensureTenant(named: tenant) }
        var generator = SystemRandomNumberGenerator()
        let masterKeys = try NamedKeys(text: NamedKeys.line(name: "m1", using: &generator))
        let vault = SecretVault(store: store, keys: masterKeys)
        let engine = try await Engine(
            store: store, catalog: store, compiler: { try Plan.compile(canonical: $0.canonical) },
            secrets: VaultSecrets(vault), logger: logger)
        let bulk = BulkRunner(engine: engine, jobs: store)
        let key = try SigningKey.generate(id: "test")
        let minter = TokenMinter(key: key, issuer: issuer, audience: audience)
        let ring = KeyRing(try KeySet([key]))
        let authenticator = Authenticator(
            TokenVerifier(keys: ring, issuer: issuer, audience: audience), directory: store)
        let metrics = MetricsRegistry()
        metrics.register { engine.metrics }
        let ready = Flag(true)
        let tree = Supervisor(
            "engine", logger: logger,
            children: (engine.services + [bulk.service]).map { service in
                ChildSpec(service.name) { try await service.run() }
            })
        var parts = APIParts(
            engine: engine, reader: store, deadLetters: store, jobs: store, jobCreated: bulk.raise,
            catalog: store, bundles: store, taskLog: store, definitions: TestDefinitions(),
            authenticator: authenticator, access: store, audit: store, secrets: vault,
            signIn: signIn, metrics: metrics, tree: { tree.snapshot() },
            readiness: { [HealthCheck(name: "database", isOK: ready.value, detail: ready.value ? nil : "away")] },
            logger: logger)
        if let rates { parts.rates = rates }
        let api = API(parts)
        let server = HTTPServer(
            configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), logger: logger,
            immediate: api.immediate, handler: api.handler)
        let address = try await server.bind()[0]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tree.run() }
            group.addTask { try await server.run() }
            let watch = Task {
                async let refusals: Void = api.audit.run()
                try await api.access.run()
                try await refusals
            }
            let connection = try await HTTP2Connection.connect(to: address, logger: logger)
            let fixture = APIFixture(
                api: api, engine: engine, database: database, store: store, address: address, connection: connection,
                key: key,
                minter: minter, ring: ring, authenticator: authenticator, metrics: metrics, ready: ready, tree: tree)
            do {
                try await body(fixture)
            } catch {
                watch.cancel()
                group.cancelAll()
                throw error
            }
            await connection.close()
            watch.cancel()
            api.drain()
            server.drain()
            tree.stop()
            try await group.waitForAll()
        }
        try await database.discard()
    }

    func token(_ roles: Role..., tenant: String = "acme", lifetime: Int64 = 600) throws -> String {
        try minter.mint(
            subject: "ada", tenant: tenant, roles: Set(roles), lifetime: lifetime,
            now: WallTime.now().microseconds / 1_000_000, id: "t")
    }

    /// The definition of one step for every id, each needing the one before.
    func apply(_ name: String, steps: [String], tenant: String = "acme") async throws {
        let answer = try await send(
            "POST", "/v1/workflows", as: .admin, tenant: tenant, json: TestDefinitions.source(name, steps: steps))
        guard answer.status == 200 || answer.status == 201 else { throw Unexpected(answer) }
    }

    struct Answer: Sendable {
        var status: Int
        var fields: HTTPFields
        var text: String
        var json: JSONValue?
    }

    struct Unexpected: Error, CustomStringConvertible {
        var description: String
        init(_ answer: Answer) { description = "\(answer.status) \(answer.text)" }
    }

    /// Sends a request with a token of this role; every answer is checked against openapi.yaml.
    func send(
        _ method: String, _ path: String, as role: Role? = .admin, tenant: String = "acme", json: String? = nil,
        fields: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = fields
        if let role { fields["authorization"] = "Bearer \(try token(role, tenant: tenant))" }
        if json != nil, !fields.contains("content-type") { fields["content-type"] = "application/json" }
        let stream = connection.request(
            HTTPClientRequest(
                method: method, path: path, fields: fields,
                body: json.map { .bytes(ByteBuffer(string: $0)) } ?? .none))
        let head = try await stream.response()
        let body = try await stream.body.collect(upTo: 4 << 20)
        let text = String(buffer: body)
        let isJSON = head.fields["content-type"]?.contains("json") == true
        let answer = Answer(
            status: head.status, fields: head.fields, text: text,
            json: isJSON ? .some(try JSONValue(parsing: text)) : Optional.none)
        try OpenAPIDocument.shared.check(method, path, answer)
        return answer
    }

    func channel(_ role: Role, tenant: String = "acme") throws -> GRPCChannel {
        channel(bearer: try token(role, tenant: tenant))
    }

    /// With a token or an API key.
    func channel(bearer: String) -> GRPCChannel {
        var configuration = GRPCChannel.Configuration(address: address)
        configuration.metadata["authorization"] = "Bearer \(bearer)"
        return GRPCChannel(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
