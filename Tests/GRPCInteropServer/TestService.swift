import GRPC
import Protobuf
import TestProtos

/// What the interoperability tests demand of a server, for the cases that need no credentials. `UnimplementedCall` and
/// `UnimplementedService` are left out, as they must be.
enum TestService {
    private static let echoInitial = "x-grpc-test-echo-initial"
    private static let echoTrailing = "x-grpc-test-echo-trailing-bin"

    static func add(to router: inout GRPCRouter<Void>) {
        router.unary(GRPCTesting.TestService.emptyCall) { request, context in
            echoMetadata(context)
            return request
        }
        router.unary(GRPCTesting.TestService.unaryCall, handler: unary)
        router.unary(GRPCTesting.TestService.cacheableUnaryCall, handler: unary)
        router.serverStreaming(GRPCTesting.TestService.streamingOutputCall, opening: echoMetadata) {
            request, responses, _ in
            try await send(request, responses)
        }
        router.clientStreaming(GRPCTesting.TestService.streamingInputCall) { requests, context in
            echoMetadata(context)
            var size = 0
            for try await request in requests { size += request.payload?.body.count ?? 0 }
            return GRPCTesting.StreamingInputCallResponse(aggregatedPayloadSize: Int32(size))
        }
        router.bidirectional(GRPCTesting.TestService.fullDuplexCall, opening: echoMetadata) { requests, responses, _ in
            for try await request in requests { try await send(request, responses) }
        }
        router.bidirectional(GRPCTesting.TestService.halfDuplexCall, opening: echoMetadata) { requests, responses, _ in
            var all: [GRPCTesting.StreamingOutputCallRequest] = []
            for try await request in requests { all.append(request) }
            for request in all { try await send(request, responses) }
        }
    }

    @Sendable
    private static func echoMetadata(_ context: GRPCContext<Void>) {
        if let value = context.metadata[echoInitial] { context.initialMetadata.append(echoInitial, value) }
        for value in context.metadata.binary(echoTrailing) {
            context.trailingMetadata.append(echoTrailing, binary: value)
        }
    }

    @Sendable
    private static func unary(
        _ request: GRPCTesting.SimpleRequest, _ context: GRPCContext<Void>
    ) async throws -> GRPCTesting.SimpleResponse {
        echoMetadata(context)
        try fail(request.responseStatus)
        context.compressesMessages = request.responseCompressed?.value ?? false
        return GRPCTesting.SimpleResponse(payload: try payload(request.responseSize))
    }

    private static func send(
        _ request: GRPCTesting.StreamingOutputCallRequest,
        _ responses: GRPCResponseWriter<GRPCTesting.StreamingOutputCallResponse>
    ) async throws {
        for parameters in request.responseParameters {
            if parameters.intervalUs > 0 { try await Task.sleep(for: .microseconds(parameters.intervalUs)) }
            try await responses.write(
                GRPCTesting.StreamingOutputCallResponse(payload: try payload(parameters.size)),
                compress: parameters.compressed?.value)
        }
        try fail(request.responseStatus)
    }

    private static func fail(_ status: GRPCTesting.EchoStatus?) throws {
        guard let status, status.code != 0 else { return }
        throw GRPCStatus(GRPCStatusCode(rawValue: status.code) ?? .unknown, status.message)
    }

    private static func payload(_ size: Int32) throws -> GRPCTesting.Payload {
        guard (0...(64 << 20)).contains(size) else {
            throw GRPCStatus(.invalidArgument, "A payload of \(size) octets is not possible.")
        }
        return GRPCTesting.Payload(type: .compressable, body: Array(repeating: 0, count: Int(size)))
    }
}
