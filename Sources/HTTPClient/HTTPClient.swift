/// Requests to other servers, through libcurl: proxies by the environment, TLS, HTTP/1.1 and HTTP/2, kept connections.
public final class HTTPClient: Sendable {
    private let loop = CurlLoop()

    public init() { loop.start() }

    deinit { loop.close() }

    /// Sends a request and answers when the whole answer is there. Cancelling the task ends the request.
    public func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
        let cancellation = Cancellation()
        let outcome: Result<IncomingResponse, HTTPClientError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(HTTPClientError) {
                    let transfer = try CurlTransfer(request) { continuation.resume(returning: $0) }
                    cancellation.arm(transfer)
                    loop.submit(transfer)
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            cancellation.cancel()
            loop.wake()
        }
        return try outcome.get()
    }
}
