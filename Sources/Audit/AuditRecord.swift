public import Access

/// Where a record stands in the order in which records are sealed.
public struct AuditPosition: Sendable, Hashable, Comparable {
    /// The database's epoch; another one after a restore.
    public var epoch: Int32
    /// The transaction that wrote it.
    public var transaction: UInt64
    public var id: Int64

    public init(epoch: Int32, transaction: UInt64, id: Int64) {
        self.epoch = epoch
        self.transaction = transaction
        self.id = id
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.epoch, left.transaction, left.id) < (right.epoch, right.transaction, right.id)
    }
}

/// One row of the audit log.
public struct AuditRecord: Sendable, Equatable {
    public var position: AuditPosition
    /// µs since 1970.
    public var at: Int64
    /// The month of its partition, as 202611.
    public var month: Int32
    public var tenant: Int32?
    public var times: Int32
    /// `token`, `key`, or `database` for a session that said nothing of a request.
    public var actorKind: String
    public var actor: String
    public var actorTenant: String?
    public var address: String?
    public var agent: String?
    public var operation: String?
    public var action: String
    public var name: String?
    public var outcome: String
    /// JSON text.
    public var before: String?
    public var after: String?
    public var requestID: String?
    public var traceID: String?

    public init(
        position: AuditPosition, at: Int64, month: Int32, tenant: Int32?, times: Int32, actorKind: String,
        actor: String, actorTenant: String?, address: String?, agent: String?, operation: String?, action: String,
        name: String?, outcome: String, before: String?, after: String?, requestID: String?, traceID: String?
    ) {
        self.position = position
        self.at = at
        self.month = month
        self.tenant = tenant
        self.times = times
        self.actorKind = actorKind
        self.actor = actor
        self.actorTenant = actorTenant
        self.address = address
        self.agent = agent
        self.operation = operation
        self.action = action
        self.name = name
        self.outcome = outcome
        self.before = before
        self.after = after
        self.requestID = requestID
        self.traceID = traceID
    }

    /// The digest of all that it says: what a seal has of it.
    public var leaf: Digest {
        var bytes = AuditBytes("beamline audit record 1")
        bytes.add(Int64(position.epoch))
        bytes.add(Int64(bitPattern: position.transaction))
        bytes.add(position.id)
        bytes.add(at)
        bytes.add(tenant.map { "\($0)" })
        bytes.add(Int64(times))
        for text in [
            actorKind, actor, actorTenant, address, agent, operation, action, name, outcome, before, after, requestID,
            traceID,
        ] { bytes.add(text) }
        return Digest(of: bytes.content)
    }
}
