import Glibc

/// Reads a folder into memory.
enum FolderScan {
    /// The files by path below the root (`/views/run.js`). What stands unchanged in `known` is not read again.
    static func files(
        below root: String, maximumSize: Int, known: [String: StaticFile]
    ) throws(StaticFilesError) -> [String: StaticFile] {
        var result: [String: StaticFile] = [:]
        var folders = [""]
        while let folder = folders.popLast() {
            for name in try names(in: root + folder) where !name.hasPrefix(".") {
                let path = "\(folder)/\(name)"
                var status = stat()
                guard unsafe lstat(root + path, &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: folders.append(path)
                case S_IFREG where status.st_size <= maximumSize:
                    let stamp = StaticFile.Stamp(
                        size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
                        nanoseconds: status.st_mtim.tv_nsec)
                    if let file = known[path], file.stamp == stamp {
                        result[path] = file
                    } else {
                        result[path] = StaticFile(try content(of: root + path), name: name, stamp: stamp)
                    }
                default: break  // links and devices lead elsewhere
                }
            }
        }
        return result
    }

    private static func names(in folder: String) throws(StaticFilesError) -> [String] {
        guard let handle = unsafe opendir(folder) else {
            throw StaticFilesError(path: folder, reason: unsafe String(cString: strerror(errno)))
        }
        defer { unsafe closedir(handle) }
        var result: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            result.append(name)
        }
        return result
    }

    private static func content(of path: String) throws(StaticFilesError) -> [UInt8] {
        guard let file = unsafe fopen(path, "re") else {
            throw StaticFilesError(path: path, reason: unsafe String(cString: strerror(errno)))
        }
        defer { unsafe fclose(file) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return result }
            result.append(contentsOf: chunk[..<count])
        }
    }
}
