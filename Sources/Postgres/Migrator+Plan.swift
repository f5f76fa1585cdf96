extension Migrator {
    /// What the database says about an applied step.
    struct Applied: Equatable {
        var number: Int
        var name: String
        var checksum: [UInt8]
        var at: PostgresTimestamp

        var title: String { Migration.title(number: number, name: name) }
    }

    /// A step of this program with its checksum.
    struct Known: Equatable {
        var migration: Migration
        var checksum: [UInt8]
    }

    /// Whether a step is applied.
    public struct Status: Sendable, Equatable {
        public var number: Int
        public var title: String
        /// nil where it is not applied yet.
        public var appliedAt: PostgresTimestamp?
    }

    /// Compares what is known with what is applied; throws if the two do not fit together.
    static func compare(_ known: [Known], _ applied: [Applied]) throws(MigrationError) -> [Status] {
        var byNumber: [Int: Applied] = [:]
        for step in applied { byNumber[step.number] = step }
        let numbers = Set(known.map(\.migration.number))
        if let unknown = applied.first(where: { !numbers.contains($0.number) }) { throw .newer(unknown.title) }
        var statuses: [Status] = []
        var missing: Migration?
        for step in known {
            let migration = step.migration
            let file = "\(migration.title).up.sql"
            guard let applied = byNumber[migration.number] else {
                missing = missing ?? migration
                statuses.append(Status(number: migration.number, title: migration.title))
                continue
            }
            guard applied.name == migration.name else { throw .renamed(applied: applied.title, file: file) }
            guard applied.checksum == step.checksum else { throw .edited(file) }
            if let missing { throw .outOfOrder(file: "\(missing.title).up.sql", applied: applied.title) }
            statuses.append(Status(number: migration.number, title: migration.title, appliedAt: applied.at))
        }
        return statuses
    }

    /// The line of a character position, both from 1.
    static func line(of position: Int, in text: String) -> Int {
        text.unicodeScalars.prefix(max(position - 1, 0)).count { $0 == "\n" } + 1
    }
}
