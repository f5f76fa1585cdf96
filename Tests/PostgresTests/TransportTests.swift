import Glibc
import TestSupport
import Testing

@testable import Postgres

/// What lies between libpq and the server: TCP, TLS, passwords; and what lies between a connection and the system.
@Suite("Transport", .timeLimit(.minutes(2)))
struct TransportTests {
    /// A port that was free a moment ago.
    private func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutableBytes(of: &address) { bytes in
            guard let raw = unsafe bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return Int32(-1) }
            return unsafe bind(socket, raw, size) | getsockname(socket, raw, &size)
        }
        try #require(code == 0)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    @Test func tlsAndPasswordOverTCP() async throws {
        let port = try freePort()
        let cluster = try await PostgresCluster.own(
            durability: .none, settings: ["listen_addresses": "127.0.0.1", "port": "\(port)"])
        let folder = cluster.cluster.directory
        let certificate = try ChildProcess.run(
            PostgresPrograms.prefix + [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days",
                "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/key.pem",
                "-out", "\(folder)/certificate.pem",
            ])
        #expect(certificate.status == 0)
        var local = cluster.options()
        local.conninfo += " port=\(port)"
        let admin = try await PostgresConnection.connect(local)
        for (name, value) in [
            ("ssl", "on"), ("ssl_cert_file", "\(folder)/certificate.pem"), ("ssl_key_file", "\(folder)/key.pem"),
        ] {
            try await admin.query("ALTER SYSTEM SET \(unescaped: name) = '\(unescaped: value)'")
        }
        try await admin.run(script: "CREATE ROLE guest LOGIN PASSWORD 'open sesame'")
        #expect(
            Files.write("hostssl all guest 127.0.0.1/32 scram-sha-256\n", to: "\(folder)/data/pg_hba.conf", mode: 0o600)
        )
        try await admin.query("SELECT pg_reload_conf()")

        // The server takes the new settings in its own time.
        var guest = PostgresConnection.Options(
            "postgresql://guest:open%20sesame@127.0.0.1:\(port)/postgres?sslmode=verify-full&sslrootcert=\(folder)/certificate.pem"
        )
        try await until {
            do throws(PostgresError) {
                try await PostgresConnection.connect(guest).close()
                return true
            } catch {
                return false
            }
        }
        let connection = try await PostgresConnection.connect(guest)
        let tls = try await connection.query("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        #expect(try tls[0].decode(0) == true)
        #expect(try tls[0].decode(1) == "TLSv1.3")
        let statement = PostgresStatement("SELECT $1", [.bytea])
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var pipeline = PostgresPipeline()
        for _ in 0..<3 { pipeline.add(statement, bytes) }
        for result in try await connection.execute(pipeline) { #expect(try result[0].decode(0) == bytes) }

        guest.conninfo = guest.conninfo.replacing("sesame", with: "simsim")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(guest) }
        #expect(error?.kind == .connectFailed)
        #expect(error.map { "\($0)".contains("password authentication failed") && !"\($0)".contains("simsim") } == true)
        try await cluster.cluster.destroy()
    }

    /// In a process of its own, where nobody else opens files or starts threads.
    @Test func connectionsLeaveNoThreadsAndNoDescriptors() async throws {
        await #expect(processExitsWith: .success) {
            func count(_ folder: String) -> Int { Files.names(in: "/proc/self/\(folder)")?.count ?? -1 }
            let cluster = try await PostgresCluster.own(durability: .none)
            try await PostgresConnection.connect(cluster.options()).close()
            let before = (threads: count("task"), descriptors: count("fd"))
            for number in 0..<50 {
                let connection = try await PostgresConnection.connect(cluster.options())
                #expect(try await connection.query("SELECT 1").count == 1)
                // Closed or only dropped: both must do.
                if number % 2 == 0 { await connection.close() }
            }
            // The runtime may have started a few threads of its own meanwhile.
            try await until { count("task") < before.threads + 10 && count("fd") < before.descriptors + 10 }
        }
    }

    @Test func aTemplateIsFilledOnce() async throws {
        let cluster = try await PostgresCluster.shared()
        let names = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await cluster.makeDatabase(template: "transport") { options in
                        let connection = try await PostgresConnection.connect(options)
                        // A second time this would fail.
                        try await connection.run(script: "CREATE TABLE once ()")
                        await connection.close()
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(names).count == 3)
        for name in names {
            let connection = try await PostgresConnection.connect(cluster.options(database: name))
            #expect(try await connection.query("SELECT FROM once").isEmpty)
            await connection.close()
            try await cluster.dropDatabase(name)
        }
    }
}
