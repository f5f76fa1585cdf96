internal import Postgres

extension PostgresParameters {
    /// Binds an array that is null throughout as an empty one: unnested beside longer arrays it is null all the same, and
    /// costs nothing a row.
    mutating func append<Element: PostgresArrayElement>(sparse values: [Element?]) {
        append(values.contains { $0 != nil } ? values : [])
    }

    /// The same for flags of which null means false.
    mutating func append(sparse flags: [Bool]) {
        append(flags.contains(true) ? flags : [])
    }
}
