import Foundation

/// `rm -r` of a folder of ours; never follows links.
enum FolderRemoval {
    static func remove(_ path: String) throws(CommandFailure) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw CommandFailure(.failed, "error: \(path): \(error.localizedDescription)")
        }
    }
}
