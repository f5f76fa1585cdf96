extension PostgresPipeline {
    /// Adds a prepared statement whose parameters `bind` appends, for statements whose number of parameters is known
    /// only when they are composed. Returns its index among the results.
    @discardableResult
    public mutating func add(
        _ statement: PostgresStatement, binding bind: (inout PostgresParameters) -> Void
    ) -> Int {
        let first = parameters.slots.count
        bind(&parameters)
        entries.append(Entry(statement: statement, isPrepared: true, slots: first..<parameters.slots.count))
        return entries.count - 1
    }
}
