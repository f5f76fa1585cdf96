import Glibc
import Secrets

/// Secrets that are files: `FOLDER/TENANT/NAME`, as Kubernetes and systemd lay them out. A line's end at the end of a
/// file is not part of the value.
struct FileSecrets: SecretProvider {
    let name = "file"
    let folder: String

    func names(tenant: String) async throws -> [String] { try Self.list("\(folder)/\(tenant)", below: "", depth: 4) }

    func value(_ name: String, tenant: String) async throws -> [UInt8]? {
        // A valid name has no segment that leads out of the folder.
        guard SecretName.isValid(name), var value = try DurableFile.read("\(folder)/\(tenant)/\(name)") else {
            return nil
        }
        if value.last == UInt8(ascii: "\n") { value.removeLast() }
        if value.last == UInt8(ascii: "\r") { value.removeLast() }
        return value
    }

    private static func list(_ path: String, below prefix: String, depth: Int) throws -> [String] {
        guard depth > 0 else { return [] }
        guard let directory = unsafe opendir(path) else {
            guard errno == ENOENT || errno == ENOTDIR else { throw DurableFile.Failure.system(path) }
            return []
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let file = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            // Kubernetes keeps its versions in folders that begin with two dots.
            guard SecretName.isValid(file) else { continue }
            var status = stat()
            guard unsafe stat("\(path)/\(file)", &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                names += try list("\(path)/\(file)", below: "\(prefix)\(file)/", depth: depth - 1)
            } else {
                names.append(prefix + file)
            }
        }
        return names.sorted()
    }
}

/// Secrets that are variables of the server's environment, each named by its tenant and secret, so that no tenant can
/// name another's.
struct EnvironmentSecrets: SecretProvider {
    let name = "environment"
    private let variables: [SecretSources.Variable]

    init(_ variables: [SecretSources.Variable]) { self.variables = variables }

    func names(tenant: String) async throws -> [String] {
        variables.filter { $0.tenant == tenant }.map(\.secret).sorted()
    }

    func value(_ name: String, tenant: String) async throws -> [UInt8]? {
        guard let found = variables.first(where: { $0.tenant == tenant && $0.secret == name }),
            let value = unsafe getenv(found.variable)
        else { return nil }
        return unsafe Array(String(cString: value).utf8)
    }
}
