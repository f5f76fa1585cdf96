// swift-tools-version: 6.3
import PackageDescription

/// One policy for every Swift target: strictness is not a choice of the single module.
let policy: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // docs/decisions/0009: overlapping accesses trap in debug builds, which is what every test runs.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func system(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: policy)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: policy)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

// The target graph is the architecture: docs/architecture.md has the rows, and a module imports only rows below it.
let package = Package(
    name: "beamline",
    products: [.executable(name: "beamline", targets: ["beamline"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries, each a Debian package
        system("CNghttp2", pkgConfig: "libnghttp2", package: "libnghttp2-dev"),
        system("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
        system("CJansson", pkgConfig: "jansson", package: "libjansson-dev"),
        system("CPostgres", pkgConfig: "libpq", package: "libpq-dev"),
        system("CProtobufC", pkgConfig: "libprotobuf-c", package: "libprotobuf-c-dev"),
        system("CJOSE", pkgConfig: "cjose", package: "libcjose-dev"),
        system("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        system("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
        .target(name: "CLinux"),
        // A shim in C++ over libre2, with a C interface; libre2's header stands in the compiler's own path.
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CBeamlineProtos", dependencies: ["CProtobufC"]),
        .target(name: "CTestProtos", dependencies: ["CProtobufC"], path: "Tests/CTestProtos"),

        // foundations
        module("JSON", ["CJansson"]),
        module("Patterns", ["CRE2"]),
        module("Spelling", []),
        module("Telemetry", ["JSON", log]),
        module("Supervision", ["Telemetry", log]),

        // protocols
        module("Postgres", ["CPostgres", "Telemetry", "Supervision", log, collections]),
        module("TLS", ["COpenSSL"] + nio),
        module("HTTP", ["CNghttp2", "CZlib", "TLS", "Telemetry", nioHTTP1, log, collections] + nio),
        module("HTTPClient", ["CCurl"]),
        module("Protobuf", ["CProtobufC", "CBeamlineProtos"]),
        module("GRPC", ["Protobuf", "CZlib", "HTTP", "TLS", "Telemetry", log, collections] + nio),

        // domain
        module("Expressions", ["JSON", "Patterns"]),
        module("Access", ["CJOSE", "COpenSSL", "JSON"]),
        module("Secrets", ["COpenSSL", "JSON"]),
        // The audit log and its chain; the key of the chain is one of the kind that seals secrets.
        module("Audit", ["Access", "Secrets", "COpenSSL", "JSON"]),
        module("Schemas", ["JSON", "Patterns", "Spelling"]),
        module("Filters", ["Spelling"]),
        module("Workflows", ["COpenSSL", "JSON", "Expressions", "Schemas", "Spelling", yams, collections]),

        // application
        module(
            "Engine",
            ["Workflows", "Audit", "Filters", "Expressions", "JSON", "Telemetry", "Supervision", log, collections]),

        // edges
        module(
            "PostgresStore",
            [
                "Engine", "Access", "Audit", "Secrets", "Postgres", "Workflows", "Filters", "JSON", "Telemetry",
                "Supervision", log, collections,
            ]),
        module(
            "WorkerRuntime",
            [
                "Workflows", "Secrets", "GRPC", "Protobuf", "HTTP", "TLS", "HTTPClient", "CLinux", "JSON", "Telemetry",
                "Supervision", log, collections,
            ] + nio),
        module(
            "API",
            [
                "Engine", "Access", "Audit", "Secrets", "Workflows", "Filters", "GRPC", "Protobuf", "HTTP", "TLS",
                "JSON",
                "Telemetry",
                "Supervision", log, collections,
            ] + nio),

        // composition and main
        module(
            "Server",
            [
                "API", "Expressions", "Access", "Audit", "Secrets", "Engine", "PostgresStore", "Postgres", "GRPC",
                "Protobuf", "HTTP", "HTTPClient", "TLS", "JSON",
                "Telemetry", "Supervision", log,
            ] + nio),
        .executableTarget(
            name: "beamline",
            dependencies: [
                "Server", "WorkerRuntime", "API", "Access", "Audit", "Secrets", "Workflows", "Expressions", "Schemas",
                "PostgresStore",
                "Postgres",
                "HTTPClient", "GRPC", "Protobuf",
                "HTTP",
                "TLS", "JSON", "Telemetry", "Supervision", arguments, signals, log,
            ], swiftSettings: policy),

        // benchmarks
        .executableTarget(
            name: "http-bench-server", dependencies: ["HTTP", "TLS", log] + nio, path: "Benchmarks/HTTPServer",
            swiftSettings: policy),

        .executableTarget(
            name: "access-bench", dependencies: ["Access"], path: "Benchmarks/Access", swiftSettings: policy),

        // load for benchmarks
        .executableTarget(
            name: "beamline-load",
            dependencies: ["GRPC", "HTTP", "Protobuf", arguments, signals, log], path: "Benchmarks/Load",
            swiftSettings: policy),

        // tests mirror the sources; TestSupport holds the in-memory store, clusters and fixtures they share
        .target(
            name: "TestSupport",
            dependencies: [
                "Engine", "Workflows", "Postgres", "PostgresStore", "JSON", "Telemetry", "Supervision", log,
                collections,
            ],
            path: "Tests/TestSupport", swiftSettings: policy),
        .target(
            name: "TransportTestSupport", dependencies: ["TLS"], path: "Tests/TransportTestSupport",
            swiftSettings: policy),
        tests("JSONTests", ["JSON"]),
        tests("PatternsTests", ["Patterns"]),
        tests("TelemetryTests", ["Telemetry", "JSON", log]),
        tests("SupervisionTests", ["Supervision", "Telemetry", log]),
        tests("PostgresTests", ["Postgres", "TestSupport"]),
        tests("TLSTests", ["TLS", "TransportTestSupport", nioEmbedded] + nio),
        tests(
            "HTTPTests",
            ["HTTP", "TLS", "TransportTestSupport", "HTTPClient", "Telemetry", nioEmbedded, nioHTTP1, log] + nio),
        tests("HTTPClientTests", ["HTTPClient"]),
        .target(
            name: "TestProtos", dependencies: ["CTestProtos", "CProtobufC", "Protobuf"], path: "Tests/TestProtos",
            swiftSettings: policy),
        tests("ProtobufTests", ["Protobuf", "TestProtos"]),
        .target(name: "TestPrograms", path: "Tests/TestPrograms", swiftSettings: policy),
        .executableTarget(
            name: "grpc-interop-server",
            dependencies: ["GRPC", "Protobuf", "TestProtos", "HTTP", "TLS", arguments, log],
            path: "Tests/GRPCInteropServer", swiftSettings: policy),
        .testTarget(
            name: "GRPCTests",
            dependencies: [
                "GRPC", "Protobuf", "TestProtos", "TestPrograms", "HTTP", "TLS", "Telemetry", "grpc-interop-server",
                nioEmbedded, log,
            ] + nio, exclude: ["python"], swiftSettings: policy),
        tests("ExpressionsTests", ["Expressions", "JSON", "Patterns"]),
        tests("AccessTests", ["Access", "JSON"]),
        tests("SecretsTests", ["Secrets"]),
        tests("AuditTests", ["Audit", "Access", "Secrets"]),
        tests("SpellingTests", ["Spelling"]),
        tests("SchemasTests", ["Schemas", "JSON"]),
        tests("FiltersTests", ["Filters"]),
        tests("WorkflowsTests", ["Workflows", "Expressions", "JSON"]),
        tests(
            "EngineTests",
            ["Engine", "TestSupport", "Workflows", "Expressions", "JSON", "Telemetry", "Supervision", log]),
        tests("SimulationTests", ["Simulation", "TestSupport"]),
        // The simulation is no test bundle: `make simulate` runs it alone, in release.
        .target(
            name: "Simulation",
            dependencies: ["Engine", "TestSupport", "Workflows", "Expressions", "JSON", "Telemetry", log, collections],
            path: "Tests/Simulation", swiftSettings: policy),
        .executableTarget(
            name: "beamline-simulate", dependencies: ["Simulation"], path: "Tests/Simulate", swiftSettings: policy),
        tests(
            "PostgresStoreTests",
            [
                "PostgresStore", "Access", "Audit", "Secrets", "Postgres", "Engine", "TestSupport", "Workflows",
                "Filters",
                "JSON",
            ]),
        tests(
            "WorkerRuntimeTests",
            ["WorkerRuntime", "Protobuf", "GRPC", "HTTP", "HTTPClient", "TLS", "JSON", "Telemetry", "Workflows", log]
                + nio),
        tests(
            "APITests",
            [
                "API", "Access", "Audit", "Secrets", "WorkerRuntime", "Engine", "TestSupport", "TestPrograms",
                "Postgres",
                "PostgresStore", "Workflows", "HTTP",
                "GRPC",
                "Protobuf",
                "JSON", "Telemetry", "Supervision", yams, log,
            ] + nio),
        tests("BeamlineTests", ["beamline", "HTTP", "JSON", "Schemas", "Workflows", arguments]),
        tests(
            "ServerTests",
            [
                "Server", "Access", "Audit", "Secrets", "GRPC", "Protobuf", "HTTP", "HTTPClient", "TLS", "TestSupport",
                "TransportTestSupport", "Engine", "PostgresStore", "Postgres", "Supervision", "JSON", log,
            ] + nio),
    ]
)

// Needs libFuzzer to be linked: scripts/fuzz asks for it, and nobody else builds it.
if Context.environment["BEAMLINE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "beamline-fuzz",
            dependencies: [
                "Access", "Engine", "Expressions", "Filters", "GRPC", "HTTP", "JSON", "Protobuf", "Schemas",
                "Workflows", log,
            ],
            path: "Tests/Fuzz", swiftSettings: policy))
}
