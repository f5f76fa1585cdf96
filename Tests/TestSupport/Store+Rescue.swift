public import Engine

extension Store {
    /// With the usual lease.
    public func rescue(limit: Int) async throws(StoreError) -> [RescuedAttempt] {
        try await rescue(limit: limit, lease: .seconds(15))
    }
}
