private import COpenSSL
import NIOCore

/// One SSL object between two memory BIOs: ciphertext goes in and comes out, no socket. Confined to its channel's loop.
@safe final class TLSConnection {
    /// What a step came to; waiting for the peer is no error.
    enum Step<Value> {
        case done(Value)
        case needsInput
        case closed
        case failed(TLSError)
    }

    private let context: TLSContext
    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init(context: TLSContext, serverName: String?) throws(TLSError) {
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(context.raw), let input = unsafe BIO_new(BIO_s_mem()),
            let output = unsafe BIO_new(BIO_s_mem())
        else { throw TLSError.openSSL(.configuration, "a TLS connection cannot be made") }
        self.context = context
        unsafe self.ssl = ssl
        unsafe self.input = input
        unsafe self.output = output
        unsafe SSL_set_bio(ssl, input, output)  // owns both from here on
        switch context.role {
        case .server: unsafe SSL_set_accept_state(ssl)
        case .client:
            unsafe SSL_set_connect_state(ssl)
            if let serverName { try setServerName(serverName) }
        }
    }

    deinit { unsafe SSL_free(ssl) }

    private func setServerName(_ name: String) throws(TLSError) {
        let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
        if !isAddress {
            // RFC 6066 §3: an address is no server name.
            let sent = unsafe name.withCString { text in
                unsafe SSL_ctrl(
                    ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                    UnsafeMutableRawPointer(mutating: text))
            }
            guard sent == 1 else { throw TLSError.openSSL(.configuration, "\(name): no usable server name") }
        }
        guard context.verifiesServer else { return }
        let parameters = unsafe SSL_get0_param(ssl)
        let accepted =
            isAddress
            ? unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name)
            : unsafe X509_VERIFY_PARAM_set1_host(parameters, name, 0)
        guard accepted == 1 else { throw TLSError.openSSL(.configuration, "\(name): no usable server name") }
    }

    /// Takes ciphertext from the peer.
    func feed(_ bytes: ByteBuffer) {
        unsafe bytes.withUnsafeReadableBytes { bytes in
            _ = unsafe BIO_write(input, bytes.baseAddress, Int32(bytes.count))
        }
    }

    func handshake() -> Step<Void> {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        return result == 1 ? .done(()) : outcome(result, .handshake)
    }

    /// Decrypts into the buffer; `done` with the number of octets.
    func read(into buffer: inout ByteBuffer) -> Step<Int> {
        ERR_clear_error()
        var result: Int32 = 0
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 16 << 10) { target in
            result = unsafe SSL_read(ssl, target.baseAddress, Int32(min(target.count, 1 << 30)))
            return max(0, Int(result))
        }
        return result > 0 ? .done(Int(result)) : outcome(result, .record)
    }

    /// Encrypts all of it.
    func write(_ bytes: ByteBuffer) -> Step<Void> {
        guard bytes.readableBytes > 0 else { return .done(()) }
        ERR_clear_error()
        let result = unsafe bytes.withUnsafeReadableBytes { bytes in
            unsafe SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
        }
        return result > 0 ? .done(()) : outcome(result, .record)
    }

    /// Adds close_notify to the output.
    func shutdown() {
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
    }

    /// The ciphertext that is to be sent, if any.
    func takeOutput(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
        let pending = unsafe BIO_ctrl_pending(output)
        guard pending > 0 else { return nil }
        var buffer = allocator.buffer(capacity: pending)
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: pending) { target in
            Int(unsafe BIO_read(output, target.baseAddress, Int32(pending)))
        }
        return buffer
    }

    private func outcome<Value>(_ result: Int32, _ kind: TLSError.Kind) -> Step<Value> {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: break
        }
        let verdict = unsafe SSL_get_verify_result(ssl)
        if kind == .handshake, verdict != Int(X509_V_OK) {
            let reason = unsafe String(cString: X509_verify_cert_error_string(verdict))
            return .failed(.openSSL(.verification, "the peer's certificate is refused: \(reason)"))
        }
        return .failed(.openSSL(kind, kind == .handshake ? "the TLS handshake failed" : "a TLS record is not valid"))
    }

    /// What was negotiated; after the handshake.
    func session() -> TLSSession {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &length)
        let chosen = unsafe name.map {
            unsafe String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self)
        }
        return unsafe TLSSession(
            version: String(cString: SSL_get_version(ssl)),
            cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { unsafe String(cString: $0) } ?? "",
            applicationProtocol: chosen,
            serverName: SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) },
            peerCertificate: peerCertificate())
    }

    private func peerCertificate() -> TLSPeerCertificate? {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        defer { unsafe X509_free(certificate) }
        // Unverified certificates prove nothing; only a server that asked, or a client that checks, may name one.
        guard unsafe SSL_get_verify_result(ssl) == Int(X509_V_OK) else { return nil }
        let subject = unsafe X509_get_subject_name(certificate)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        unsafe X509_digest(certificate, EVP_sha256(), &digest, &length)
        return unsafe TLSPeerCertificate(
            subject: oneLine(subject), commonName: commonName(subject),
            fingerprint: digest.prefix(Int(length)).map { hex($0) }.joined(), uris: uris(certificate),
            expiresAt: shim_X509_not_after(certificate))
    }

    private func uris(_ certificate: OpaquePointer) -> [String] {
        var uris: [String] = []
        unsafe withUnsafeMutablePointer(to: &uris) { found in
            unsafe shim_X509_uris(certificate, found) { context, text, length in
                let bytes = unsafe UnsafeBufferPointer(start: text, count: Int(length))
                let uri = unsafe String(decoding: bytes, as: UTF8.self)
                unsafe context?.assumingMemoryBound(to: [String].self).pointee.append(uri)
            }
        }
        return uris
    }

    private func oneLine(_ name: OpaquePointer?) -> String {
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(sink) }
        // XN_FLAG_RFC2253
        // XN_FLAG_RFC2253, which is a sum that Swift does not import
        unsafe X509_NAME_print_ex(sink, name, 0, 0x0111_0317)
        var text = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(sink))
        let count = unsafe BIO_read(sink, &text, Int32(text.count))
        return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
    }

    private func commonName(_ name: OpaquePointer?) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        let count = unsafe X509_NAME_get_text_by_NID(name, NID_commonName, &text, Int32(text.count))
        guard count > 0 else { return nil }
        return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

private func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
}
