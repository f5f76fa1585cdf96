import Glibc
import JSON

/// Where the server is and as whom to speak to it.
struct ClientContext {
    /// `http://127.0.0.1:8080`, without a slash at the end.
    var url: String
    var token: String?
    /// Where this was found, for error messages.
    var source: String

    /// `.beamline/context.json` here or above, else the environment, else `~/.config/beamline/context.json`.
    static func find(
        from folder: String = currentFolder(), environment: (String) -> String? = Self.environment
    ) throws(CommandFailure) -> ClientContext {
        var path = folder
        while true {
            let candidate = path == "/" ? "/.beamline/context.json" : "\(path)/.beamline/context.json"
            if let context = try load(candidate) { return context }
            guard path != "/", let slash = path.lastIndex(of: "/") else { break }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
        if let url = environment("BEAMLINE_URL") {
            return ClientContext(url: trimmed(url), token: environment("BEAMLINE_TOKEN"), source: "BEAMLINE_URL")
        }
        let configuration = environment("XDG_CONFIG_HOME") ?? environment("HOME").map { "\($0)/.config" }
        if let configuration, let context = try load("\(configuration)/beamline/context.json") { return context }
        throw CommandFailure(
            .invalid,
            """
            error: no server is known here
              Start one in this folder with: beamline dev
              or name one:                   export BEAMLINE_URL=http://host:8080 BEAMLINE_TOKEN=…
            """)
    }

    private static func load(_ path: String) throws(CommandFailure) -> ClientContext? {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read(path, limit: 65_536)
        } catch let failure where failure.isMissing {
            return nil
        } catch {
            throw CommandFailure(.invalid, "error: \(error)")
        }
        guard let value = try? JSONValue(parsing: bytes), let url = value["url"]?.stringValue else {
            throw CommandFailure(.invalid, "error: \(path): not a context: expected {\"url\": …, \"token\": …}")
        }
        return ClientContext(url: trimmed(url), token: value["token"]?.stringValue, source: path)
    }

    private static func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    static func currentFolder() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard unsafe getcwd(&buffer, buffer.count) != nil else { return "/" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
