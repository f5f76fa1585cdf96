private import CNghttp2
import Glibc
import NIOCore

/// One nghttp2 session, of a server or a client, confined to its connection's loop.
///
/// nghttp2 must not be entered from its callbacks: they append to `events` and to the streams' bodies, and the
/// connection drains the events after ``receive(_:now:)`` has returned. Submitting is legal at any time; nothing is
/// sent before ``collect(into:upTo:)``.
@safe final class HTTP2Session {
    enum Role { case server, client }

    /// An error that ends the session.
    struct Failure: Error {
        var code: HTTP2ErrorCode
        var reason: String
    }

    let role: Role
    let limits: HTTPLimits
    private let metrics: HTTPMetrics?
    private var raw: OpaquePointer?
    private unowned let handler: HTTP2Handler

    private(set) var events: [HTTP2Event] = []
    private var slots: [HTTP2Stream?] = []
    private var freeSlots: [Int] = []
    private(set) var streamCount = 0
    /// The stream whose field lines are arriving.
    private var current: HTTP2Stream?
    private var idleFrames: TokenBucket
    private var now: NIODeadline
    /// Set while a header block is open (HEADERS without END_HEADERS).
    private(set) var headBegan: NIODeadline?
    private var sentGoAway: HTTP2ErrorCode?
    private var unread = 0
    private var withheld = 0
    private var lines: [nghttp2_nv] = unsafe []
    /// Kept for its capacity: the values of pseudo-fields.
    private var pseudoValues: [UInt8] = []

    init(_ role: Role, handler: HTTP2Handler, limits: HTTPLimits, metrics: HTTPMetrics?, now: NIODeadline) {
        self.role = role
        self.handler = handler
        self.limits = limits
        self.metrics = metrics
        self.now = now
        idleFrames = TokenBucket(
            burst: limits.idleFrames.burst, perSecond: limits.idleFrames.perSecond, now: now)
        var option: OpaquePointer?
        unsafe nghttp2_option_new(&option)
        unsafe nghttp2_option_set_no_auto_window_update(option, 1)
        unsafe nghttp2_option_set_no_closed_streams(option, 1)
        unsafe nghttp2_option_set_max_settings(option, limits.settings)
        unsafe nghttp2_option_set_max_continuations(option, limits.continuations)
        unsafe nghttp2_option_set_stream_reset_rate_limit(
            option, UInt64(limits.resets.burst), UInt64(limits.resets.perSecond))
        let user = unsafe Unmanaged.passUnretained(self).toOpaque()
        switch role {
        case .server: unsafe nghttp2_session_server_new2(&raw, SessionCallbacks.table, user, option)
        case .client: unsafe nghttp2_session_client_new2(&raw, SessionCallbacks.table, user, option)
        }
        unsafe nghttp2_option_del(option)
    }

    deinit { unsafe nghttp2_session_del(raw) }

    // MARK: octets

    /// Sends the SETTINGS that open a connection.
    func start() {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: role == .server ? UInt32(limits.concurrentStreams) : 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(limits.streamWindow)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(limits.headerListSize)),
            // SETTINGS_NO_RFC7540_PRIORITIES (RFC 9218 §2.1)
            nghttp2_settings_entry(settings_id: 9, value: 1),
        ]
        if role == .client {
            settings.append(
                nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
        }
        unsafe nghttp2_submit_settings(raw, 0, settings, settings.count)
        unsafe nghttp2_session_set_local_window_size(raw, 0, 0, Int32(limits.connectionBuffer))
    }

    /// Takes octets from the peer; then look at ``takeEvents()``.
    func receive(_ bytes: ByteBuffer, now: NIODeadline) throws(Failure) {
        self.now = now
        let result = unsafe bytes.withUnsafeReadableBytes { bytes in
            unsafe nghttp2_session_mem_recv(raw, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        guard result < 0 else { return }
        let reason = unsafe String(cString: nghttp2_strerror(Int32(result)))
        switch Int32(result) {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: throw Failure(code: .protocolError, reason: reason)
        case NGHTTP2_ERR_NOMEM.rawValue, NGHTTP2_ERR_CALLBACK_FAILURE.rawValue:
            throw Failure(code: .internalError, reason: reason)
        default: throw Failure(code: .enhanceYourCalm, reason: reason)
        }
    }

    func takeEvents() -> [HTTP2Event] {
        guard !events.isEmpty else { return [] }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Appends output up to about `limit` octets; `true` when there may be more.
    func collect(into buffer: inout ByteBuffer, upTo limit: Int) -> Bool {
        while buffer.readableBytes < limit {
            var chunk: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(raw, &chunk)
            guard count > 0, let chunk = unsafe chunk else { return false }
            unsafe buffer.writeBytes(UnsafeRawBufferPointer(start: chunk, count: count))
        }
        return true
    }

    /// The error code of a GOAWAY that has left since the last call.
    func takeSentGoAway() -> HTTP2ErrorCode? {
        defer { sentGoAway = nil }
        return sentGoAway
    }

    /// Nothing more to read or write: close the connection.
    var isOver: Bool {
        unsafe nghttp2_session_want_read(raw) == 0 && nghttp2_session_want_write(raw) == 0
    }

    // MARK: submitting

    func respond(_ stream: HTTP2Stream, status: Int, fields: HTTPFields, hasBody: Bool) {
        unsafe withLines(fields, pseudo: [(.status, .status(status))]) { lines, count in
            if hasBody {
                var provider = unsafe Self.provider(stream)
                unsafe nghttp2_submit_response(raw, stream.id, lines, count, &provider)
            } else {
                stream.outputEnded = true
                unsafe nghttp2_submit_response(raw, stream.id, lines, count, nil)
            }
        }
    }

    func sendContinue(_ stream: HTTP2Stream) {
        unsafe withLines([:], pseudo: [(.status, .status(100))]) { lines, count in
            _ = unsafe nghttp2_submit_headers(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, nil, lines, count, nil)
        }
    }

    /// Begins a client's stream; `false` when the connection takes no more.
    func request(_ stream: HTTP2Stream, _ request: HTTPClientRequest, scheme: String, authority: String) -> Bool {
        let pseudo: [(PseudoName, PseudoValue)] = [
            (.method, .text(request.method)), (.scheme, .text(scheme)),
            (.authority, .text(request.authority ?? authority)), (.path, .text(request.path)),
        ]
        adopt(stream)
        let user = unsafe Unmanaged.passUnretained(stream).toOpaque()
        var id: Int32 = -1
        unsafe withLines(request.fields, pseudo: pseudo) { lines, count in
            switch request.body {
            case .none:
                stream.outputEnded = true
                id = unsafe nghttp2_submit_request(raw, nil, lines, count, nil, user)
            case .bytes, .stream:
                var provider = unsafe Self.provider(stream)
                id = unsafe nghttp2_submit_request(raw, nil, lines, count, &provider, user)
            }
        }
        guard id > 0 else {
            release(stream)
            return false
        }
        stream.id = id
        return true
    }

    func resume(_ stream: HTTP2Stream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        unsafe nghttp2_session_resume_data(raw, stream.id)
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard !stream.isClosed, stream.id > 0 else { return }
        unsafe nghttp2_submit_rst_stream(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
    }

    func ping(_ payload: UInt64) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: payload >> (8 * UInt64($0))) }
        unsafe nghttp2_submit_ping(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), bytes)
    }

    /// GOAWAY with the highest stream id: new streams are still taken for a round trip (RFC 9113 §6.8).
    func announceShutdown() { unsafe nghttp2_submit_shutdown_notice(raw) }

    /// GOAWAY with the last stream that will be processed.
    func goAway(_ code: HTTP2ErrorCode) {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(raw)
        unsafe nghttp2_submit_goaway(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code.rawValue, nil, 0)
    }

    /// GOAWAY, and nothing after it.
    func terminate(_ code: HTTP2ErrorCode) { unsafe nghttp2_session_terminate_session(raw, code.rawValue) }

    // MARK: flow control

    /// The reader took octets of this stream.
    func consumed(_ stream: HTTP2Stream, _ count: Int) {
        unread -= count
        if !stream.isClosed, !stream.inputEnded { unsafe nghttp2_session_consume_stream(raw, stream.id, count) }
        let owed = min(count, withheld)
        guard owed > 0 else { return }
        withheld -= owed
        unsafe nghttp2_session_consume_connection(raw, owed)
    }

    /// The connection's window opens at once, until the unread bodies together are too much.
    private func arrived(_ count: Int) {
        unread += count
        if unread <= limits.connectionBuffer {
            unsafe nghttp2_session_consume_connection(raw, count)
        } else {
            withheld += count
        }
    }

    // MARK: the table of streams

    private func adopt(_ stream: HTTP2Stream) {
        if let slot = freeSlots.popLast() {
            stream.slot = slot
            slots[slot] = stream
        } else {
            stream.slot = slots.count
            slots.append(stream)
        }
        streamCount += 1
    }

    private func release(_ stream: HTTP2Stream) {
        guard stream.slot >= 0 else { return }
        slots[stream.slot] = nil
        freeSlots.append(stream.slot)
        stream.slot = -1
        stream.isClosed = true
        streamCount -= 1
    }

    /// Empties the table, at the end of the connection: nghttp2 reports no close for what is still open.
    func releaseAll() -> [HTTP2Stream] {
        let open = slots.compactMap(\.self)
        for stream in open { release(stream) }
        return open
    }

    /// Streams that are open now.
    var openStreams: [HTTP2Stream] { slots.compactMap(\.self) }

    // MARK: what the callbacks report

    fileprivate func beganHead(id: Int32, isRequest: Bool) {
        headBegan = now
        if isRequest, role == .server {
            let stream = HTTP2Stream(connection: handler)
            stream.id = id
            adopt(stream)
            unsafe nghttp2_session_set_stream_user_data(raw, id, Unmanaged.passUnretained(stream).toOpaque())
            current = stream
        } else {
            current = stream(id)
        }
    }

    /// `false` resets the stream.
    fileprivate func field(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let current else { return true }
        // The head may not have been looked at when the trailers come: they are kept apart.
        return current.headIsComplete
            ? unsafe current.trailer.take(name: name, value: value, limits: limits) != .hostile
            : unsafe current.head.take(name: name, value: value, limits: limits) != .hostile
    }

    fileprivate func receivedHeaders(endStream: Bool) {
        headBegan = nil
        guard let stream = current else { return }
        current = nil
        if stream.headIsComplete { return finishInput(stream, trailers: stream.trailer.fields) }
        stream.head.finish()
        if role == .client, stream.head.status < 200 {
            stream.head = HTTP2Head()
        } else {
            stream.headIsComplete = true
            events.append(.head(stream))
            if endStream { finishInput(stream, trailers: nil) }
        }
    }

    fileprivate func receivedData(id: Int32, length: Int, endStream: Bool) {
        if endStream {
            if let stream = stream(id) { finishInput(stream, trailers: nil) }
        } else if length == 0 {
            countIdleFrame("empty DATA")
        }
    }

    private func finishInput(_ stream: HTTP2Stream, trailers: HTTPFields?) {
        stream.inputEnded = true
        stream.input?.finish(trailers: trailers)
    }

    fileprivate func received(_ bytes: UnsafeRawBufferPointer, id: Int32) {
        guard let stream = stream(id) else {
            unsafe nghttp2_session_consume(raw, id, bytes.count)
            return
        }
        if stream.input == nil { stream.input = makeInput(stream) }
        if let input = stream.input, unsafe input.receive(bytes) {
            arrived(bytes.count)
        } else {
            unsafe nghttp2_session_consume(raw, id, bytes.count)
        }
    }

    /// The body of a message whose content has begun before its head was handled, or of one that announced content.
    func makeInput(_ stream: HTTP2Stream) -> HTTPBody {
        HTTPBody(source: stream, expectedLength: stream.head.fields["content-length"].flatMap { Int($0) })
    }

    fileprivate func receivedReset() {
        if role == .server { metrics.map { $0.add($0.resetsReceived) } }
    }

    fileprivate func countIdleFrame(_ what: String) {
        if role == .server, !idleFrames.take(now: now) { events.append(.flood(what)) }
    }

    fileprivate func report(_ event: HTTP2Event) { events.append(event) }

    fileprivate func invalidFrame(id: Int32, type: UInt8, error: Int32) {
        events.append(.invalidFrame(stream: id, type: type, reason: unsafe String(cString: nghttp2_strerror(error))))
        countIdleFrame("invalid frames")
    }

    fileprivate func closed(id: Int32, code: UInt32) {
        guard let stream = stream(id) else { return }
        release(stream)
        if current === stream {
            current = nil
            headBegan = nil
        }
        events.append(.closed(stream, HTTP2ErrorCode(rawValue: code)))
    }

    fileprivate func sent(type: UInt8, code: UInt32) {
        if type == HTTP2FrameType.goAway, code != 0 { sentGoAway = HTTP2ErrorCode(rawValue: code) }
        guard let metrics else { return }
        if type == HTTP2FrameType.resetStream {
            metrics.sentReset(HTTP2ErrorCode(rawValue: code))
        } else {
            metrics.sentGoAway(HTTP2ErrorCode(rawValue: code))
        }
    }

    private func stream(_ id: Int32) -> HTTP2Stream? {
        guard let user = unsafe nghttp2_session_get_stream_user_data(raw, id) else { return nil }
        return unsafe Unmanaged<HTTP2Stream>.fromOpaque(user).takeUnretainedValue()
    }

    // MARK: field lines for nghttp2, which copies them

    private enum PseudoName {
        case status, method, scheme, authority, path

        var text: StaticString {
            switch self {
            case .status: ":status"
            case .method: ":method"
            case .scheme: ":scheme"
            case .authority: ":authority"
            case .path: ":path"
            }
        }
    }

    private enum PseudoValue {
        case status(Int)
        case text(String)

        /// Octets on the wire.
        var count: Int {
            switch self {
            case .status: 3
            case .text(let text): text.utf8.count
            }
        }
    }

    /// Pseudo-fields are few and short: they lie in one array before the lines of the list.
    private func withLines(
        _ fields: HTTPFields, pseudo: [(PseudoName, PseudoValue)],
        _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Void
    ) {
        var values: [UInt8] = []
        swap(&values, &pseudoValues)
        defer { swap(&values, &pseudoValues) }
        values.removeAll(keepingCapacity: true)
        for (_, value) in pseudo {
            switch value {
            case .status(let status): values.append(contentsOf: StatusText.digits(status))
            case .text(let text): values.append(contentsOf: text.utf8)
            }
        }
        unsafe lines.removeAll(keepingCapacity: true)
        unsafe values.withUnsafeMutableBufferPointer { values in
            unsafe fields.storage.withUnsafeBufferPointer { storage in
                var start = 0
                for (name, value) in pseudo {
                    let end = start + value.count
                    unsafe lines.append(
                        nghttp2_nv(
                            name: UnsafeMutablePointer(mutating: name.text.utf8Start),
                            value: values.baseAddress.map { unsafe $0 + start }, namelen: name.text.utf8CodeUnitCount,
                            valuelen: end - start,
                            flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)))
                    start = end
                }
                unsafe appendLines(of: fields, storage)
                unsafe lines.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
            }
        }
    }

    private func appendLines(of fields: HTTPFields, _ storage: UnsafeBufferPointer<UInt8>) {
        guard let base = unsafe UnsafeMutablePointer(mutating: storage.baseAddress) else { return }
        for line in fields.lines {
            let name = unsafe base + Int(line.start)
            let nameLength = Int(line.nameLength)
            // Fields of the connection have no place in HTTP/2 (RFC 9113 §8.2.2).
            if nameLength == 10 || nameLength == 17 {
                if unsafe Self.name(name, nameLength, is: "connection")
                    || Self.name(name, nameLength, is: "transfer-encoding")
                {
                    continue
                }
            }
            // A value that never comes again would only push those that do out of the peer's table (RFC 7541 §6.2).
            let isUnique = unsafe Self.name(name, nameLength, is: "x-request-id")
            unsafe lines.append(
                nghttp2_nv(
                    name: name, value: name + nameLength, namelen: nameLength, valuelen: Int(line.valueLength),
                    flags: isUnique ? Self.neverIndexed : Self.indexed))
        }
    }

    private static let indexed = UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
    private static let neverIndexed = UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)

    private static func name(_ name: UnsafePointer<UInt8>, _ length: Int, is text: StaticString) -> Bool {
        unsafe length == text.utf8CodeUnitCount && memcmp(name, text.utf8Start, length) == 0
    }

    private static func provider(_ stream: HTTP2Stream) -> nghttp2_data_provider {
        unsafe nghttp2_data_provider(
            source: nghttp2_data_source(ptr: Unmanaged.passUnretained(stream).toOpaque()),
            read_callback: SessionCallbacks.read)
    }

    fileprivate func submitTrailers(_ fields: HTTPFields, id: Int32) {
        unsafe withLines(fields, pseudo: []) { lines, count in
            _ = unsafe nghttp2_submit_trailer(raw, id, lines, count)
        }
    }
}

/// `:status` values without an allocation a response.
private enum StatusText {
    private static let table = (0..<1000).map { Array("\(1000 + $0)".utf8.dropFirst()) }

    static func digits(_ status: Int) -> [UInt8] { table[(100...999).contains(status) ? status : 500] }
}

/// The C side: each callback forwards in a line or two. Formed in nonisolated initialisers, because a closure of a
/// MainActor context would trap on a loop's thread.
private enum SessionCallbacks {
    static let read: nghttp2_data_source_read_callback = { _, id, target, length, flags, source, user in
        guard let stream = unsafe source?.pointee.ptr, let user = unsafe user, let target = unsafe target else {
            return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        let output = unsafe UnsafeMutableRawBufferPointer(start: target, count: length)
        let result = unsafe Unmanaged<HTTP2Stream>.fromOpaque(stream).takeUnretainedValue().read(into: output)
        switch result {
        case .octets(let count): return count
        case .later: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .end(let count, let trailers):
            unsafe flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            if let trailers, !trailers.isEmpty {
                unsafe flags?.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
                unsafe session(user).submitTrailers(trailers, id: id)
            }
            return count
        }
    }

    static func session(_ user: UnsafeMutableRawPointer) -> HTTP2Session {
        unsafe Unmanaged<HTTP2Session>.fromOpaque(user).takeUnretainedValue()
    }

    /// Made once, used by every session, freed with the process.
    nonisolated(unsafe) static let table: OpaquePointer? = {
        var callbacks: OpaquePointer?
        unsafe nghttp2_session_callbacks_new(&callbacks)
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame = unsafe frame, let user = unsafe user else { return 0 }
            let isRequest = unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
            unsafe session(user).beganHead(id: frame.pointee.hd.stream_id, isRequest: isRequest)
            return 0
        }
        // nghttp2 drops PRIORITY and unknown frames without a word; they are counted all the same.
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header = unsafe header, let user = unsafe user else { return 0 }
            let type = unsafe header.pointee.type
            if type == HTTP2FrameType.priority || type > HTTP2FrameType.continuation {
                unsafe session(user).countIdleFrame("PRIORITY and unknown frames")
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameLength, value, valueLength, _, user in
            guard let user = unsafe user else { return 0 }
            let kept = unsafe session(user).field(
                name: UnsafeBufferPointer(start: name, count: nameLength),
                value: UnsafeBufferPointer(start: value, count: valueLength))
            return kept ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, data, length, user in
            guard let user = unsafe user else { return 0 }
            unsafe session(user).received(UnsafeRawBufferPointer(start: data, count: length), id: id)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame = unsafe frame, let user = unsafe user else { return 0 }
            unsafe received(frame, session(user))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, error, user in
            guard let frame = unsafe frame, let user = unsafe user else { return 0 }
            unsafe session(user).invalidFrame(
                id: frame.pointee.hd.stream_id, type: frame.pointee.hd.type, error: error)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
            guard let user = unsafe user else { return 0 }
            unsafe session(user).closed(id: id, code: code)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let frame = unsafe frame, let user = unsafe user else { return 0 }
            switch unsafe frame.pointee.hd.type {
            case HTTP2FrameType.resetStream:
                unsafe session(user).sent(type: HTTP2FrameType.resetStream, code: frame.pointee.rst_stream.error_code)
            case HTTP2FrameType.goAway:
                unsafe session(user).sent(type: HTTP2FrameType.goAway, code: frame.pointee.goaway.error_code)
            default: break
            }
            return 0
        }
        return unsafe callbacks
    }()

    private static func received(_ frame: UnsafePointer<nghttp2_frame>, _ session: HTTP2Session) {
        let header = unsafe frame.pointee.hd
        let endStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        let isAck = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
        switch header.type {
        case HTTP2FrameType.headers: session.receivedHeaders(endStream: endStream)
        case HTTP2FrameType.data:
            session.receivedData(id: header.stream_id, length: header.length, endStream: endStream)
        case HTTP2FrameType.resetStream: session.receivedReset()
        case HTTP2FrameType.settings:
            if !isAck {
                session.report(.settings)
                session.countIdleFrame("SETTINGS")
            }
        case HTTP2FrameType.ping:
            if isAck {
                let payload = unsafe withUnsafeBytes(of: frame.pointee.ping.opaque_data) { bytes in
                    unsafe bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                }
                session.report(.pong(payload))
            } else {
                session.countIdleFrame("PING")
            }
        case HTTP2FrameType.goAway:
            let frame = unsafe frame.pointee.goaway
            let reason = unsafe String(
                decoding: UnsafeBufferPointer(start: frame.opaque_data, count: min(frame.opaque_data_len, 256)),
                as: UTF8.self)
            session.report(
                .goAway(
                    lastStream: unsafe frame.last_stream_id, HTTP2ErrorCode(rawValue: unsafe frame.error_code),
                    reason: reason))
        default: break  // frame types that ask nothing of us; unknown ones are ignored (RFC 9113 §4.1)
        }
    }
}
