/// Settings of the sessions that write for the engine.
///
/// Plans are made once and for good, so they must be right for a table of any size, also one whose statistics say that
/// it is empty. Scans, hashes and merges are off, which leaves probes of indexes. The costs make a probe by `ctid` the
/// cheapest access and every scan of an index start dear, so that a statement never scans an index that it can probe.
enum PinnedSettings {
    static let engine: [String: String] = [
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_material": "off",
        "enable_memoize": "off",
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "seq_page_cost": "0",
        "random_page_cost": "0",
        "cpu_operator_cost": "1",
        "idle_in_transaction_session_timeout": "10s",
        "max_parallel_workers_per_gather": "0",
        "timezone": "UTC",
    ]

    /// Sessions of duties and slow tables: the planner is free, and a lost peer does not hold locks for ever.
    static let duties: [String: String] = [
        "idle_in_transaction_session_timeout": "10s",
        "jit": "off",
        "timezone": "UTC",
    ]
}
