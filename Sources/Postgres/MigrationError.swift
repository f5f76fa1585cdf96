/// Why a schema cannot be used or changed. Each message names the file.
public enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A folder or file cannot be read as UTF-8 text.
    case unreadable(String)
    /// Not of the form `NNNN_name.up.sql`.
    case misnamed(String)
    /// Two files with one number.
    case duplicate(String, String)
    /// An undo without its step.
    case orphan(String)
    /// The database has a step that this program does not know.
    case newer(String)
    /// An applied step's file is not what it was.
    case edited(String)
    /// An applied step has another name here.
    case renamed(applied: String, file: String)
    /// A step is not applied although a later one is.
    case outOfOrder(file: String, applied: String)
    /// Steps are missing in the database, and the caller wanted none to be.
    case pending([String])
    /// A step that is to be undone has no undo.
    case irreversible(String)
    /// The server refused a step.
    case failed(file: String, line: Int?, PostgresError)

    public var description: String {
        switch self {
        case .unreadable(let path): "cannot read \(path) as UTF-8 text"
        case .misnamed(let file): "\(file) is not named like 0001_name.up.sql or 0001_name.down.sql"
        case .duplicate(let first, let second): "\(second) has the same number as \(first)"
        case .orphan(let file): "\(file) has no .up.sql beside it"
        case .newer(let title):
            "the database has the migration \(title), which this program does not know: "
                + "it was migrated by a newer version; start that version"
        case .edited(let file):
            "\(file) was changed after it was applied to this database: restore the file and add a new migration"
        case .renamed(let applied, let file): "the database has the migration \(applied), here it is \(file)"
        case .outOfOrder(let file, let applied):
            "\(file) is not applied, but the later \(applied) is: give it a number above that"
        case .pending(let titles):
            "the database lacks \(titles.count) migrations, the first is \(titles.first ?? ""): run beamline migrate"
        case .irreversible(let title): "\(title) cannot be undone: there is no \(title).down.sql"
        case .failed(let file, let line, let error):
            "\(file)\(line.map { ":\($0)" } ?? ""): \(error.report?.message ?? error.description)"
        }
    }
}
