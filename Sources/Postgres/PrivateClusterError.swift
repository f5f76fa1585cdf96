private import Glibc

/// Why a private PostgreSQL cluster cannot run. Each case says what to do about it.
public enum PrivateClusterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No PostgreSQL server programs were found in the folders looked at.
    case notInstalled(lookedAt: [String])
    /// PostgreSQL refuses to run as root, and there is no user `postgres` to run it as.
    case noUser
    /// The folder cannot be made or used.
    case unusable(directory: String, reason: String)
    /// The data was made by another major version than the programs'.
    case versionMismatch(directory: String, data: String, programs: String)
    /// Another process runs this very cluster.
    case alreadyRunning(directory: String)
    /// A program of PostgreSQL failed.
    case failed(program: String, status: Int32, output: String)
    /// The operating system refused.
    case system(String, Int32)

    public var description: String {
        switch self {
        case .notInstalled(let folders):
            "PostgreSQL is not installed (looked in \(folders.joined(separator: ", "))): "
                + "install the Debian package postgresql-15"
        case .noUser:
            "PostgreSQL does not run as root and there is no user postgres: install the Debian package postgresql-15"
        case .unusable(let directory, let reason):
            "the folder \(directory) cannot hold a PostgreSQL cluster: \(reason)"
        case .versionMismatch(let directory, let data, let programs):
            "the data in \(directory) is of PostgreSQL \(data), the installed programs are \(programs)"
        case .alreadyRunning(let directory):
            "another process already runs the PostgreSQL cluster in \(directory)"
        case .failed(let program, let status, let output):
            "\(program) ended with status \(status): \(output)"
        case .system(let what, let code):
            unsafe "\(what): \(String(cString: strerror(code)))"
        }
    }
}
