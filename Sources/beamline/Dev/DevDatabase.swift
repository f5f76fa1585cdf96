import Postgres

/// The database in the private cluster.
enum DevDatabase {
    static func ensure(_ cluster: PrivateCluster) async throws {
        do {
            let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
            let found = try await connection.query("SELECT 1 FROM pg_database WHERE datname = 'beamline'")
            if found.count == 0 { _ = try await connection.query("CREATE DATABASE beamline") }
            await connection.close()
        } catch {
            throw CommandFailure(.failed, "error: PostgreSQL: \(error)")
        }
    }
}
