private import Glibc

extension PrivateCluster {
    /// Where a cluster's files are.
    struct Place {
        var directory: String
        var socketDirectory: String
        var isRelocated: Bool

        /// Makes the folder, or the one beside it under the fallback when the server's user cannot enter it.
        static func choose(_ options: Options) throws(PrivateClusterError) -> Place {
            let directory = try absolute(options.directory)
            let owner = try PostgresPrograms.owner()
            let isNew = unsafe mkdir(directory, 0o700) == 0
            if isNew || errno == EEXIST, try isEnterable(directory, owner: owner) {
                return try place(directory, owner: owner, isRelocated: false)
            }
            guard owner != nil else { throw .unusable(directory: directory, reason: reason()) }
            if isNew { unsafe rmdir(directory) }
            // The parents stay root's and open to all; the folder itself is the server's.
            unsafe mkdir(options.fallback, 0o755)
            let fallback = "\(options.fallback)/\(name(for: directory))"
            guard unsafe mkdir(fallback, 0o700) == 0 || errno == EEXIST, try isEnterable(fallback, owner: owner) else {
                throw .unusable(directory: fallback, reason: reason())
            }
            return try place(fallback, owner: owner, isRelocated: true)
        }

        /// A name that is the same for the same folder and different for any other.
        static func name(for directory: String) -> String {
            var hash = Hash()
            for byte in directory.utf8 { hash.mix(byte) }
            return String(hash.value, radix: 16)
        }

        private static func place(
            _ directory: String, owner: (user: UInt32, group: UInt32)?, isRelocated: Bool
        ) throws(PrivateClusterError) -> Place {
            // A socket's path has at most 107 bytes: "/.s.PGSQL.5432.lock" must still fit.
            var sockets = "\(directory)/socket"
            if sockets.utf8.count > 85 { sockets = "/tmp/beamline-\(name(for: directory))" }
            guard unsafe mkdir(sockets, 0o700) == 0 || errno == EEXIST else { throw .system(sockets, errno) }
            // Whoever could put a folder there before us must not be able to answer in the server's name.
            var status = stat()
            guard unsafe lstat(sockets, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw .unusable(directory: sockets, reason: "not a folder")
            }
            if let owner {
                guard unsafe chown(sockets, owner.user, owner.group) == 0 else { throw .system(sockets, errno) }
            }
            guard unsafe chmod(sockets, 0o700) == 0 else { throw .system(sockets, errno) }
            return Place(directory: directory, socketDirectory: sockets, isRelocated: isRelocated)
        }

        private static func isEnterable(
            _ directory: String, owner: (user: UInt32, group: UInt32)?
        ) throws(PrivateClusterError) -> Bool {
            guard let owner else { return unsafe access(directory, W_OK | X_OK) == 0 }
            guard unsafe chown(directory, owner.user, owner.group) == 0 else { return false }
            return try ChildProcess.run(PostgresPrograms.prefix + ["test", "-w", directory]).status == 0
        }

        private static func absolute(_ path: String) throws(PrivateClusterError) -> String {
            var path = path
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            guard !path.hasPrefix("/") else { return path }
            guard let here = unsafe getcwd(nil, 0) else { throw .system("getcwd", errno) }
            defer { unsafe free(here) }
            return unsafe "\(String(cString: here))/\(path)"
        }

        private static func reason() -> String {
            unsafe String(cString: strerror(errno))
        }
    }
}
