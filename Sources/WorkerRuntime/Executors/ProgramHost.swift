/// What the executors that start programs share: folders and the environment.
public struct ProgramHost: Sendable {
    /// Where each attempt gets its folder; on a disk with room.
    let scratch: String
    /// Relative paths of scripts (`file:`) are below it.
    let files: String
    /// What every program finds in its environment.
    let environment: [String: String]

    /// - Parameters:
    ///   - environment: the worker's own; of it programs see only what `inherited` names.
    ///   - inherited: further names to hand on. Secrets of the worker, such as its token, stay its own.
    public init(
        scratch: String = "/tmp", files: String, environment: [String: String],
        inherited: Set<String> = []
    ) {
        self.scratch = scratch
        self.files = files
        var kept = environment.filter { name, _ in
            Self.alwaysInherited.contains(name) || name.hasPrefix("LC_") || inherited.contains(name)
        }
        if kept["PATH"] == nil { kept["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }
        self.environment = kept
    }

    private static let alwaysInherited: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR",
    ]

    /// A script's path, below `files` when it is relative.
    func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : "\(files)/\(path)" }
}
