import Glibc

/// Where the files that came with the program are.
enum Installation {
    /// The dashboard's folder: as named, else beside the working folder or the program.
    static func web(_ named: String?) throws(CommandFailure) -> String {
        if let named = named ?? ClientContext.environment("BEAMLINE_WEB") {
            guard unsafe access("\(named)/index.html", R_OK) == 0 else {
                throw CommandFailure(
                    .invalid, "error: \(named): no index.html there; --web names the folder of the dashboard")
            }
            return named
        }
        return try folder("web", holding: "index.html")
    }

    static func migrations() throws(CommandFailure) -> String {
        try folder("migrations", holding: ".", variable: "BEAMLINE_MIGRATIONS")
    }

    static func examples() -> String? { try? folder("examples", holding: ".") }

    private static func folder(
        _ name: String, holding file: String, variable: String? = nil
    ) throws(CommandFailure) -> String {
        if let variable, let named = ClientContext.environment(variable) { return named }
        let program = programFolder()
        // Installed (bin/ beside share/), then built in a checkout, then the checkout itself.
        let candidates = [
            "\(program)/../share/beamline/\(name)", "\(program)/../../../\(name)", "\(program)/\(name)", name,
        ]
        for candidate in candidates where unsafe access("\(candidate)/\(file)", R_OK) == 0 {
            if let path = unsafe realpath(candidate, nil) {
                defer { unsafe free(path) }
                return unsafe String(cString: path)
            }
        }
        throw CommandFailure(
            .invalid, "error: the folder \(name)/ that came with beamline was not found near \(program)")
    }

    /// The folder of the running program, links followed.
    static func programFolder() -> String {
        let path = programPath()
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    static func programPath() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : CommandLine.arguments[0]
    }
}

enum HostName {
    static var text: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
