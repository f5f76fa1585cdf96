private import Glibc

/// Where PostgreSQL's server programs are, and how they are run.
enum PostgresPrograms {
    /// The folder with `initdb` and `postgres`: the newest version that is installed, from 15 on.
    static func find() throws(PrivateClusterError) -> String {
        let candidates =
            (15...19).reversed().map { "/usr/lib/postgresql/\($0)/bin" } + ["/usr/local/pgsql/bin", "/usr/bin"]
        for folder in candidates where unsafe access("\(folder)/initdb", X_OK) == 0 {
            return folder
        }
        throw .notInstalled(lookedAt: candidates)
    }

    /// What stands before a command so that it does not run as root, and not in a folder that is closed to its user.
    static var prefix: [String] {
        guard geteuid() == 0 else { return [] }
        return ["env", "--chdir=/", "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
    }

    /// Whom the files belong to, if not to the user of this process.
    static func owner() throws(PrivateClusterError) -> (user: UInt32, group: UInt32)? {
        guard geteuid() == 0 else { return nil }
        var entry = unsafe passwd()
        var buffer = [CChar](repeating: 0, count: 4096)
        var found: UnsafeMutablePointer<passwd>?
        guard unsafe getpwnam_r("postgres", &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            throw .noUser
        }
        return unsafe (entry.pw_uid, entry.pw_gid)
    }
}
