internal import Engine
internal import Postgres
internal import Workflows

extension RunID {
    var uuid: PostgresUUID { bytes.uuid }
    init(_ uuid: PostgresUUID) { self.init(Bytes(uuid)) }
}

extension RunID.Bytes {
    var uuid: PostgresUUID { PostgresUUID(high: high, low: low) }
    init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}

extension SessionID {
    var uuid: PostgresUUID { value.uuid }
    init(_ uuid: PostgresUUID) { self.init(RunID.Bytes(uuid)) }
}

extension RunKey {
    init(_ tenant: Int32, _ run: PostgresUUID) { self.init(tenant: TenantID(tenant), run: RunID(run)) }

    static func precedes(_ left: Self, _ right: Self) -> Bool {
        (left.tenant, left.run) < (right.tenant, right.run)
    }
}

extension Bucket {
    init(_ tenant: Int32, _ queue: Int32, _ route: Int32) {
        self.init(tenant: TenantID(tenant), queue: QueueID(queue), route: RouteID(route))
    }
}

extension Timestamp {
    var postgres: PostgresTimestamp { PostgresTimestamp(microseconds: microseconds) }
    init(_ time: PostgresTimestamp) { self.init(microseconds: time.microseconds) }
}

extension Duration {
    /// Whole microseconds, rounded towards zero.
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
