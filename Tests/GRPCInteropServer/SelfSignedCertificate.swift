import Foundation
import TLS

/// A certificate for `localhost` and 127.0.0.1 that the `openssl` program makes, in a folder of its own.
struct SelfSignedCertificate {
    private let folder: URL

    /// The certificate's file.
    var path: String { folder.appendingPathComponent("certificate.pem").path }
    private var key: String { folder.appendingPathComponent("key.pem").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("grpc-interop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
            "-out", path,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        guard openssl.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }

    func context() throws -> TLSContext {
        try TLSContext(.server, .server(certificateChain: .file(path), privateKey: .file(key)))
    }

    func remove() {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            FileHandle.standardError.write(Data("\(folder.path) is left behind: \(error)\n".utf8))
        }
    }
}
