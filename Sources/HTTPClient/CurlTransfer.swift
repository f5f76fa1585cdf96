private import CCurl
import Synchronization

/// One request under way: owns a `CURL *` and everything that libcurl points into until the transfer is over.
///
/// Used by the client's thread alone, apart from `cancel`; hence the unchecked conformance.
@safe
final class CurlTransfer: @unchecked Sendable {
    let handle: OpaqueCurl
    private var list: UnsafeMutablePointer<curl_slist>?
    private let body: [UInt8]
    private let bodyLimit: Int
    private var received: [UInt8] = []
    private var fields: [(name: String, value: String)] = []
    private var tooLarge = false
    private let errorText: UnsafeMutablePointer<CChar>
    private let finish: @Sendable (Result<IncomingResponse, HTTPClientError>) -> Void
    let isCancelled = Atomic<Bool>(false)

    /// An opaque `CURL *`, so that C types stay in this file.
    @safe
    struct OpaqueCurl {
        // Only passed on; the client's thread alone follows it.
        nonisolated(unsafe) let pointer: UnsafeMutableRawPointer
    }

    init(
        _ request: OutgoingRequest, finish: @escaping @Sendable (Result<IncomingResponse, HTTPClientError>) -> Void
    ) throws(HTTPClientError) {
        guard let easy = unsafe curl_easy_init() else {
            throw HTTPClientError(.failed, "libcurl has no handle to give")
        }
        handle = unsafe OpaqueCurl(pointer: easy)
        body = request.body ?? []
        bodyLimit = request.bodyLimit
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.pointee = 0
        self.finish = finish
        try configure(request)
    }

    deinit {
        unsafe curl_easy_cleanup(handle.pointer)
        unsafe curl_slist_free_all(list)
        unsafe errorText.deallocate()
    }

    private func configure(_ request: OutgoingRequest) throws(HTTPClientError) {
        let easy = unsafe handle.pointer
        for (name, value) in request.fields {
            guard Self.isFieldName(name), !value.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) else {
                throw HTTPClientError(.invalidRequest, "the header field \"\(name)\" cannot be sent")
            }
            // libcurl drops a field with an empty value, unless it ends in a semicolon.
            let line = value.isEmpty ? "\(name);" : "\(name): \(value)"
            unsafe list = curl_slist_append(list, line)
        }
        unsafe shim_curl_set_text(easy, CURLOPT_URL, request.url)
        unsafe shim_curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe shim_curl_set_text(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        unsafe shim_curl_set_list(easy, CURLOPT_HTTPHEADER, list)
        unsafe shim_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        unsafe shim_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        unsafe shim_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
        unsafe shim_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
        unsafe shim_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, request.redirects > 0 ? 1 : 0)
        unsafe shim_curl_set_long(easy, CURLOPT_MAXREDIRS, request.redirects)
        unsafe shim_curl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "")
        unsafe shim_curl_set_text(easy, CURLOPT_USERAGENT, "beamline")
        if let file = request.certificateAuthorities { unsafe shim_curl_set_text(easy, CURLOPT_CAINFO, file) }
        if request.method == "HEAD" {
            unsafe shim_curl_set_long(easy, CURLOPT_NOBODY, 1)
        } else {
            unsafe shim_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method)
        }
        if request.body != nil {
            unsafe shim_curl_set_large(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            // Copied by libcurl, because the array's storage may move. An empty array has none, but libcurl wants some.
            let copied = body.isEmpty ? [0] : body
            _ = unsafe copied.withUnsafeBytes { bytes in
                unsafe shim_curl_set_pointer(
                    easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            }
        }
        // The client keeps the transfer while libcurl may call it, so no retain is needed here.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe shim_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        unsafe shim_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        unsafe shim_curl_set_sink(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.from(context).take(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe shim_curl_set_sink(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.from(context).take(head: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
        unsafe Unmanaged<CurlTransfer>.fromOpaque(context!).takeUnretainedValue()
    }

    /// Answers how many bytes were taken; fewer than given end the transfer.
    private func take(body bytes: UnsafeRawBufferPointer) -> Int {
        guard received.count + bytes.count <= bodyLimit else {
            tooLarge = true
            return 0
        }
        unsafe received.append(contentsOf: bytes)
        return bytes.count
    }

    private func take(head bytes: UnsafeRawBufferPointer) -> Int {
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // Another answer begins: of a redirect, or after 100 Continue.
            fields = []
            received = []
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            fields.append((line[..<colon].lowercased(), String(value.drop { $0 == " " }.prefix { !$0.isNewline })))
        }
        return bytes.count
    }

    func complete(_ outcome: Result<Void, HTTPClientError>) {
        switch outcome {
        case .failure(let error): finish(.failure(error))
        case .success:
            var status = 0
            unsafe shim_curl_get_long(handle.pointer, CURLINFO_RESPONSE_CODE, &status)
            finish(.success(IncomingResponse(status: status, fields: fields, body: received)))
        }
    }

    func error(code: UInt32) -> HTTPClientError {
        if tooLarge { return HTTPClientError(.bodyTooLarge, "the answer is longer than \(bodyLimit) bytes") }
        let said = unsafe String(cString: errorText)
        let text = said.isEmpty ? unsafe String(cString: curl_easy_strerror(CURLcode(code))) : said
        let kind: HTTPClientError.Kind =
            switch CURLcode(code) {
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidRequest
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_RECV_ERROR,
                CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM, CURLE_HTTP2:
                .unreachable
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: .tls
            default: .failed
            }
        return HTTPClientError(kind, text)
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return max(1, Int(clamping: seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000))
    }

    /// A token by RFC 9110 §5.6.2.
    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
