extension PrivateCluster {
    public enum Durability: Sendable {
        /// Everything that PostgreSQL does for durability: fsync, synchronous commit, full page writes.
        case full
        /// None of it: for tests that need a database and no durability.
        case none
    }

    public struct Options: Sendable {
        /// The cluster's folder; made if it is not there. The parent must be there.
        public var directory: String
        public var durability: Durability
        /// Further settings of the server, which win over the ones of this module.
        public var settings: [String: String]
        /// Whether the folder is deleted when the cluster stops or this process ends.
        public var isTemporary: Bool
        /// Where a cluster goes when root starts it and the user `postgres` cannot enter `directory`.
        public var fallback: String

        public init(
            directory: String, durability: Durability = .full, settings: [String: String] = [:],
            isTemporary: Bool = false, fallback: String = "/var/lib/beamline-dev"
        ) {
            self.directory = directory
            self.durability = durability
            self.settings = settings
            self.isTemporary = isTemporary
            self.fallback = fallback
        }

        /// The server's configuration, one setting a line.
        func configuration(socketDirectory: String) -> String {
            var all = [
                "listen_addresses": "",
                "unix_socket_directories": socketDirectory,
                "unix_socket_permissions": "0700",
                "max_connections": "100",
                "shared_buffers": "256MB",
                "max_wal_size": "8GB",
                "checkpoint_timeout": "15min",
                "wal_compression": "lz4",
                "log_checkpoints": "off",
                "timezone": "UTC",
                "log_timezone": "UTC",
            ]
            switch durability {
            case .full:
                for name in ["fsync", "synchronous_commit", "full_page_writes"] { all[name] = "on" }
            case .none:
                for name in ["fsync", "synchronous_commit", "full_page_writes"] { all[name] = "off" }
            }
            all.merge(settings) { $1 }
            return all.sorted { $0.key < $1.key }
                .map {
                    "\($0.key) = '\($0.value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'\n"
                }
                .joined()
        }
    }
}
