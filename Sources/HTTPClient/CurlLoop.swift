private import CCurl
import Glibc
import Synchronization

/// libcurl's multi interface on one thread of its own: all transfers of a client, in one place that may block.
@safe
final class CurlLoop: Sendable {
    private struct State {
        var arrived: [CurlTransfer] = []
        var isClosed = false
    }

    /// `curl_multi_wakeup` is the one call that libcurl allows from other threads.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer
    private let state = Mutex(State())

    private static let initialised: Void = {
        _ = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    }()

    init() {
        Self.initialised
        unsafe multi = curl_multi_init()
    }

    deinit { unsafe curl_multi_cleanup(multi) }

    /// Starts the thread, which keeps the loop until `close`.
    func start() {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(&thread, &attributes, Self.body, context)
        unsafe pthread_attr_destroy(&attributes)
        precondition(result == 0, "no thread for outgoing HTTP: error \(result)")
    }

    private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        // Balances the retain in start().
        let loop = unsafe Unmanaged<CurlLoop>.fromOpaque(context!).takeRetainedValue()
        loop.run()
        return nil
    }

    func submit(_ transfer: CurlTransfer) {
        let taken = state.withLock { state in
            if !state.isClosed { state.arrived.append(transfer) }
            return !state.isClosed
        }
        guard taken else { return transfer.complete(.failure(HTTPClientError(.cancelled, "the client is closed"))) }
        wake()
    }

    func wake() { unsafe _ = curl_multi_wakeup(multi) }

    /// Ends what is under way and lets the thread go.
    func close() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    private func run() {
        var active: [UnsafeMutableRawPointer: CurlTransfer] = unsafe [:]
        while true {
            let (arrived, isClosed) = state.withLock { state in
                defer { state.arrived = [] }
                return (state.arrived, state.isClosed)
            }
            for transfer in arrived {
                unsafe active[transfer.handle.pointer] = transfer
                unsafe curl_multi_add_handle(multi, transfer.handle.pointer)
            }
            for unsafe(handle, transfer) in unsafe active
            where isClosed || transfer.isCancelled.load(ordering: .acquiring) {
                unsafe curl_multi_remove_handle(multi, handle)
                unsafe active[handle] = nil
                transfer.complete(.failure(HTTPClientError(.cancelled, "the request was cancelled")))
            }
            if isClosed { return }
            var running: Int32 = 0
            unsafe curl_multi_perform(multi, &running)
            unsafe reap(&active)
            // Woken by sockets, by libcurl's own timers and by submit; the limit is a backstop only.
            var ready: Int32 = 0
            unsafe curl_multi_poll(multi, nil, 0, 1000, &ready)
        }
    }

    private func reap(_ active: inout [UnsafeMutableRawPointer: CurlTransfer]) {
        var remaining: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &remaining) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe shim_curl_message_result(message)
            unsafe curl_multi_remove_handle(multi, handle)
            guard let transfer = unsafe active.removeValue(forKey: handle) else { continue }
            transfer.complete(code == CURLE_OK ? .success(()) : .failure(transfer.error(code: code.rawValue)))
        }
    }
}
