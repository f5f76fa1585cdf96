private import COpenSSL

/// Certificates, keys and rules of one side, shared by its connections.
///
/// `@unchecked`: an SSL_CTX is safe to share between threads once it is set up (OpenSSL counts its references and locks
/// its caches), and nothing changes it after `init`.
@safe public final class TLSContext: @unchecked Sendable {
    /// Which side.
    public enum Role: Sendable { case server, client }

    /// The side.
    public let role: Role
    let verifiesServer: Bool
    let raw: OpaquePointer
    /// ALPN names with their length octets (RFC 7301 §3.1).
    fileprivate let protocols: [UInt8]

    /// Loads and checks everything. Throws ``TLSError`` with the file and OpenSSL's reason.
    public init(_ role: Role, _ configuration: TLSConfiguration) throws(TLSError) {
        ERR_clear_error()
        guard let raw = unsafe SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
            throw TLSError.openSSL(.configuration, "TLS cannot be set up")
        }
        self.role = role
        verifiesServer = configuration.verifiesServer
        unsafe self.raw = raw
        protocols = configuration.applicationProtocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        try setRules()
        try loadIdentity(configuration)
        try loadTrust(configuration)
        setProtocols()
    }

    deinit { unsafe SSL_CTX_free(raw) }

    private func setRules() throws(TLSError) {
        // SSL_OP_NO_COMPRESSION, SSL_OP_CIPHER_SERVER_PREFERENCE, SSL_OP_NO_RENEGOTIATION (macros with arguments)
        unsafe SSL_CTX_set_options(raw, 1 << 17 | 1 << 22 | 1 << 30)
        unsafe SSL_CTX_ctrl(raw, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        unsafe SSL_CTX_ctrl(raw, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
        let modern = "ECDHE+AESGCM:ECDHE+CHACHA20"
        let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        guard unsafe SSL_CTX_set_cipher_list(raw, modern) == 1, unsafe SSL_CTX_set_ciphersuites(raw, suites) == 1
        else { throw TLSError.openSSL(.configuration, "no modern cipher is available") }
        // SSL_CTX_set1_groups_list (a macro): what browsers and libraries use, in constant time everywhere.
        let groups = unsafe "X25519:P-256:P-384".withCString { text in
            unsafe SSL_CTX_ctrl(raw, SSL_CTRL_SET_GROUPS_LIST, 0, UnsafeMutableRawPointer(mutating: text))
        }
        guard groups == 1 else { throw TLSError.openSSL(.configuration, "no modern group is available") }
        if role == .server {
            // Resumption with client certificates needs a name of the context.
            unsafe SSL_CTX_set_session_id_context(raw, Array("beamline".utf8), 8)
        }
    }

    private func loadIdentity(_ configuration: TLSConfiguration) throws(TLSError) {
        guard let chain = configuration.certificateChain else {
            if role == .server { throw TLSError(.configuration, "a server needs a certificate") }
            return
        }
        guard let key = configuration.privateKey else {
            throw TLSError(.configuration, "\(chain.label): its private key is missing")
        }
        let certificates = try CertificateList(chain)
        for index in 0..<certificates.count {
            let certificate = unsafe certificates.handles[index]
            let accepted =
                unsafe index == 0
                ? Int(SSL_CTX_use_certificate(raw, certificate))
                : SSL_CTX_ctrl(raw, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(certificate))
            guard accepted == 1 else {
                throw TLSError.openSSL(.configuration, "\(chain.label): certificate \(index + 1) is not usable")
            }
        }
        try loadKey(key, for: chain)
    }

    private func loadKey(_ material: TLSMaterial, for chain: TLSMaterial) throws(TLSError) {
        let text = try material.text()
        ERR_clear_error()
        let key = unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
            let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { unsafe BIO_free(source) }
            // Without a callback OpenSSL would ask the terminal for a passphrase.
            return unsafe PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key = unsafe key else {
            throw TLSError.openSSL(.configuration, "\(material.label): holds no private key without a passphrase")
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe SSL_CTX_use_PrivateKey(raw, key) == 1, unsafe SSL_CTX_check_private_key(raw) == 1 else {
            throw TLSError.openSSL(
                .configuration, "\(material.label): does not belong to the certificate of \(chain.label)")
        }
    }

    private func loadTrust(_ configuration: TLSConfiguration) throws(TLSError) {
        if let roots = configuration.trustRoots {
            let store = unsafe SSL_CTX_get_cert_store(raw)
            let certificates = try CertificateList(roots)
            for index in 0..<certificates.count {
                let certificate = unsafe certificates.handles[index]
                unsafe X509_STORE_add_cert(store, certificate)
                if role == .server { unsafe SSL_CTX_add_client_CA(raw, certificate) }
            }
        } else if role == .client, unsafe SSL_CTX_set_default_verify_paths(raw) != 1 {
            throw TLSError.openSSL(.configuration, "the system's trust roots cannot be read")
        }
        if let revocations = configuration.revocations { try loadRevocations(revocations) }
        unsafe SSL_CTX_set_verify(raw, try verifyMode(configuration), nil)
        ERR_clear_error()
    }

    private func loadRevocations(_ material: TLSMaterial) throws(TLSError) {
        let text = try material.text()
        ERR_clear_error()
        let store = unsafe SSL_CTX_get_cert_store(raw)
        let count = unsafe text.withUnsafeBytes { bytes in
            let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { unsafe BIO_free(source) }
            var count = 0
            while let list = unsafe PEM_read_bio_X509_CRL(source, nil, nil, nil) {
                defer { unsafe X509_CRL_free(list) }
                if unsafe X509_STORE_add_crl(store, list) == 1 { count += 1 }
            }
            return count
        }
        guard count > 0 else {
            throw TLSError.openSSL(.configuration, "\(material.label): holds no list of revoked certificates")
        }
        unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK))
    }

    private func verifyMode(_ configuration: TLSConfiguration) throws(TLSError) -> Int32 {
        guard role == .server else { return configuration.verifiesServer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE }
        if configuration.clientVerification != .none, configuration.trustRoots == nil {
            throw TLSError(.configuration, "verifying clients needs trust roots")
        }
        return switch configuration.clientVerification {
        case .none: SSL_VERIFY_NONE
        case .optional: SSL_VERIFY_PEER
        case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        }
    }

    private func setProtocols() {
        guard !protocols.isEmpty else { return }
        switch role {
        case .client: unsafe SSL_CTX_set_alpn_protos(raw, protocols, UInt32(protocols.count))
        case .server:
            unsafe SSL_CTX_set_alpn_select_cb(raw, selectProtocol, Unmanaged.passUnretained(self).toOpaque())
        }
    }
}

/// The server's choice: its best protocol that the client offers too; none in common ends the handshake (RFC 7301 §3.2).
private let selectProtocol:
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
        UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, chosen, chosenLength, offered, offeredLength, argument in
        guard let argument = unsafe argument else { return SSL_TLSEXT_ERR_NOACK }
        let context = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
        var result: UnsafeMutablePointer<UInt8>?
        let found = unsafe context.protocols.withUnsafeBufferPointer { own in
            unsafe SSL_select_next_proto(
                &result, chosenLength, own.baseAddress, UInt32(own.count), offered, offeredLength)
        }
        guard found == OPENSSL_NPN_NEGOTIATED, let result = unsafe result else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        // It points into the client's list or into our array, both of which outlive the handshake's use of it.
        unsafe chosen?.pointee = UnsafePointer(result)
        return SSL_TLSEXT_ERR_OK
    }
