import FoundationEssentials
import Glibc

/// A folder of an attempt's own, removed with all that is in it when the attempt has ended.
struct WorkingDirectory: ~Copyable {
    let path: String

    /// Makes a folder with a new name below `root`, which only this user may enter.
    init(below root: String) throws(SystemError) {
        var template = Array("\(root)/beamline-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
        guard unsafe mkdtemp(&template) != nil else { throw .last("make a folder below \(root)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // A task may have left folders that it may not write: those are opened first. What still stays is only litter.
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Self.open(path, depth: 0)
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws(SystemError) -> String {
        let path = file(name)
        try FileHandle.creating(path).writeAll(bytes)
        return path
    }

    private static func open(_ path: String, depth: Int) {
        _ = unsafe chmod(path, 0o700)
        guard depth < 64, let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        for name in names {
            let entry = "\(path)/\(name)"
            var status = stat()
            if unsafe lstat(entry, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { open(entry, depth: depth + 1) }
        }
    }
}
