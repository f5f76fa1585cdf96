import Foundation
import GRPC
import HTTP
import Logging
import Protobuf

/// A whole server in this process, on a Unix socket: what is written there is read by the production code.
final class FuzzServer: Sendable {
    static let shared = FuzzServer()

    private let path: String

    private init() {
        path = NSTemporaryDirectory() + "beamline-fuzz-\(ProcessInfo.processInfo.processIdentifier).sock"
        let quiet = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        var router = GRPCRouter<String>(logger: quiet) { _ in "fuzz" }
        router.unary(BeamlineV1.RunService.startRun) { request, _ in
            BeamlineV1.StartRunResponse(runID: request.workflow)
        }
        let services = router
        var limits = HTTPLimits()
        limits.connections = 1 << 20
        var configuration = HTTPServer.Configuration(addresses: [.unix(path: path)])
        configuration.limits = limits
        let server = HTTPServer(configuration: configuration, logger: quiet) { request in
            if GRPCRouter<String>.isGRPC(request) { return await services.respond(to: request) }
            let body = try await request.body.collect(upTo: 1 << 16)
            return HTTPResponse(status: 200, fields: ["content-type": "text/plain"], body: .bytes(body))
        }
        let bound = DispatchSemaphore(value: 0)
        Task {
            do {
                try await server.bind()
                bound.signal()
                try await server.run()
            } catch {
                fatalError("the server under test ends: \(error)")
            }
        }
        bound.wait()
    }

    /// Sends the bytes on a connection of their own, ends it and waits until the server has ended it too.
    func exchange(_ bytes: [UInt8]) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        precondition(descriptor >= 0, "no socket: \(errno)")
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = unsafe withUnsafePointer(to: &address) { place in
            unsafe place.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        precondition(status == 0, "cannot connect: \(errno)")
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // The server may have had enough.
            if count <= 0 { break }
            sent += count
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = unsafe answer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 { continue }
            if count < 0, errno == EAGAIN { fatalError("the server keeps a connection whose client has left") }
            return
        }
    }
}
