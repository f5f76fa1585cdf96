import FoundationEssentials
import Glibc

/// A folder of a test's own.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/beamline-test-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("a test's folder stays: \(path): \(error)")
        }
    }

    var entries: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path) } }

    /// The start of a script: it goes on when the file is there.
    static func waiting(for path: String) -> String { "while [ ! -e \(path) ]; do sleep 0.02; done\n" }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }
}

/// Whether a process lives (a zombie does not).
func isAlive(_ process: Int32) -> Bool {
    guard let text = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
    return !String(decoding: text, as: UTF8.self).contains(") Z ")
}
