"""Drives a TestService with official grpcio: python client.py PORT [CERTIFICATE].

Prints a line a case: "ok CASE" or "not ok CASE: why".
"""
import queue
import sys
import time
import traceback

import grpc
from google.protobuf import descriptor_pool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

import generated

messages_pb2, empty_pb2, test_pb2_grpc = generated.load()
ECHO_INITIAL, ECHO_TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
cases = []


def case(function):
    cases.append(function)
    return function


def payload(size):
    return messages_pb2.Payload(body=bytes(size))


def outputs(*sizes, **more):
    return messages_pb2.StreamingOutputCallRequest(
        response_parameters=[messages_pb2.ResponseParameters(size=size) for size in sizes], **more)


def equal(found, wanted):
    if found != wanted:
        raise AssertionError("found %.200r, wanted %.200r" % (found, wanted))


def fails(code, call, details=None):
    try:
        call()
    except grpc.RpcError as error:
        equal(error.code(), code)
        if details is not None:
            equal(error.details(), details)
        return error
    raise AssertionError("no error, wanted %s" % code)


@case
def empty_unary(stub, channel):
    equal(stub.EmptyCall(empty_pb2.Empty(), timeout=10), empty_pb2.Empty())


@case
def large_unary(stub, channel):
    response = stub.UnaryCall(
        messages_pb2.SimpleRequest(response_size=314159, payload=payload(271828)), timeout=20)
    equal(response.payload.type, messages_pb2.COMPRESSABLE)
    equal(response.payload.body, bytes(314159))


@case
def client_streaming(stub, channel):
    requests = (messages_pb2.StreamingInputCallRequest(payload=payload(size)) for size in (27182, 8, 1828, 45904))
    equal(stub.StreamingInputCall(requests, timeout=10).aggregated_payload_size, 74922)


@case
def server_streaming(stub, channel):
    sizes = (31415, 9, 2653, 58979)
    found = list(stub.StreamingOutputCall(outputs(*sizes), timeout=10))
    equal([len(response.payload.body) for response in found], list(sizes))
    equal({response.payload.type for response in found}, {messages_pb2.COMPRESSABLE})


class Pipe:
    """An iterator of requests that the test feeds."""

    def __init__(self):
        self.queue = queue.Queue()

    def __iter__(self):
        return iter(self.queue.get, None)

    def add(self, item):
        self.queue.put(item)

    def close(self):
        self.queue.put(None)


@case
def ping_pong(stub, channel):
    pipe = Pipe()
    responses = stub.FullDuplexCall(iter(pipe), timeout=20)
    for request, response in ((27182, 31415), (8, 9), (1828, 2653), (45904, 58979)):
        pipe.add(outputs(response, payload=payload(request)))
        equal(next(responses).payload.body, bytes(response))
    pipe.close()
    equal(list(responses), [])


@case
def empty_stream(stub, channel):
    equal(list(stub.FullDuplexCall(iter(()), timeout=10)), [])


@case
def custom_metadata(stub, channel):
    metadata = ((ECHO_INITIAL, "test_initial_metadata_value"), (ECHO_TRAILING, b"\xab\xab\xab"))
    request = messages_pb2.SimpleRequest(response_size=314159, payload=payload(271828))
    response, call = stub.UnaryCall.with_call(request, metadata=metadata, timeout=20)
    equal(dict(call.initial_metadata())[ECHO_INITIAL], "test_initial_metadata_value")
    equal(dict(call.trailing_metadata())[ECHO_TRAILING], b"\xab\xab\xab")
    pipe = Pipe()
    pipe.add(outputs(314159, payload=payload(271828)))
    pipe.close()
    stream = stub.FullDuplexCall(iter(pipe), metadata=metadata, timeout=20)
    equal(len(list(stream)), 1)
    equal(dict(stream.initial_metadata())[ECHO_INITIAL], "test_initial_metadata_value")
    equal(dict(stream.trailing_metadata())[ECHO_TRAILING], b"\xab\xab\xab")


def status_request(kind, message):
    return kind(response_status=messages_pb2.EchoStatus(code=2, message=message))


@case
def status_code_and_message(stub, channel):
    message = "test status message"
    unary = status_request(messages_pb2.SimpleRequest, message)
    fails(grpc.StatusCode.UNKNOWN, lambda: stub.UnaryCall(unary, timeout=10), message)
    stream = status_request(messages_pb2.StreamingOutputCallRequest, message)
    fails(grpc.StatusCode.UNKNOWN, lambda: list(stub.FullDuplexCall(iter([stream]), timeout=10)), message)


@case
def special_status_message(stub, channel):
    message = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001F608\t\n"
    unary = status_request(messages_pb2.SimpleRequest, message)
    fails(grpc.StatusCode.UNKNOWN, lambda: stub.UnaryCall(unary, timeout=10), message)


@case
def unimplemented_method(stub, channel):
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=10))


@case
def unimplemented_service(stub, channel):
    other = test_pb2_grpc.UnimplementedServiceStub(channel)
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: other.UnimplementedCall(empty_pb2.Empty(), timeout=10))


@case
def cancel_after_begin(stub, channel):
    pipe = Pipe()
    call = stub.StreamingInputCall.future(iter(pipe))
    call.cancel()
    pipe.close()
    equal(call.cancelled(), True)
    equal(call.code(), grpc.StatusCode.CANCELLED)


@case
def cancel_after_first_response(stub, channel):
    pipe = Pipe()
    responses = stub.FullDuplexCall(iter(pipe), timeout=20)
    pipe.add(outputs(31415, payload=payload(27182)))
    equal(next(responses).payload.body, bytes(31415))
    responses.cancel()
    pipe.close()
    fails(grpc.StatusCode.CANCELLED, lambda: next(responses))


@case
def timeout_on_sleeping_server(stub, channel):
    pipe = Pipe()
    request = messages_pb2.StreamingOutputCallRequest(
        response_parameters=[messages_pb2.ResponseParameters(size=31415, interval_us=60_000_000)],
        payload=payload(27182))
    pipe.add(request)
    responses = stub.FullDuplexCall(iter(pipe), timeout=0.05)
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(responses))
    pipe.close()


# Beyond the published cases.


@case
def server_enforces_deadline(stub, channel):
    """The server itself ends a call at the deadline that it was told, without the client's help."""
    call = channel.unary_stream("/grpc.testing.TestService/StreamingOutputCall",
                                request_serializer=messages_pb2.StreamingOutputCallRequest.SerializeToString,
                                response_deserializer=messages_pb2.StreamingOutputCallResponse.FromString)
    request = messages_pb2.StreamingOutputCallRequest(
        response_parameters=[messages_pb2.ResponseParameters(size=1, interval_us=20_000_000)])
    begun = time.monotonic()
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(call(request, metadata=(("x-unused", "1"),), timeout=0.2)))
    equal(time.monotonic() - begun < 5, True)


@case
def compressed(stub, channel):
    request = messages_pb2.SimpleRequest(
        response_size=314159, payload=payload(271828), response_compressed=messages_pb2.BoolValue(value=True))
    response = stub.UnaryCall(request, timeout=20, compression=grpc.Compression.Gzip)
    equal(response.payload.body, bytes(314159))
    stream = messages_pb2.StreamingOutputCallRequest(response_parameters=[
        messages_pb2.ResponseParameters(size=31415, compressed=messages_pb2.BoolValue(value=flag))
        for flag in (True, False)])
    found = stub.FullDuplexCall(iter([stream]), timeout=20, compression=grpc.Compression.Gzip)
    equal([len(response.payload.body) for response in found], [31415, 31415])


@case
def unknown_compression(stub, channel):
    fails(grpc.StatusCode.UNIMPLEMENTED,
          lambda: stub.EmptyCall(empty_pb2.Empty(), timeout=10, compression=grpc.Compression.Deflate))


@case
def half_duplex(stub, channel):
    found = stub.HalfDuplexCall(iter([outputs(1, 2), outputs(), outputs(3)]), timeout=10)
    equal([len(response.payload.body) for response in found], [1, 2, 3])


@case
def message_too_large(stub, channel):
    request = messages_pb2.SimpleRequest(payload=payload(5 << 20))
    error = fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: stub.UnaryCall(request, timeout=20))
    equal(reason(error), "message_too_large")


def reason(error):
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return None


@case
def malformed_message(stub, channel):
    call = channel.unary_unary("/grpc.testing.TestService/UnaryCall")
    equal(reason(fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(b"\xff\xff", timeout=10))), "malformed_message")
    # message EchoStatus in field 7, its string in field 2 has a NUL, then bytes that are not UTF-8
    for text in (b"a\0b", b"\xc3\x28"):
        status = b"\x08\x02\x12" + bytes([len(text)]) + text
        error = fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(b"\x3a" + bytes([len(status)]) + status, timeout=10))
        request = [detail for detail in rpc_status.from_call(error).details
                   if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR)]
        violations = error_details_pb2.BadRequest.FromString(request[0].value).field_violations
        equal(violations[0].field, "grpc.testing.EchoStatus.message")


@case
def many_at_once(stub, channel):
    calls = [stub.UnaryCall.future(messages_pb2.SimpleRequest(response_size=size), timeout=30) for size in range(500)]
    equal([len(call.result().payload.body) for call in calls], list(range(500)))


@case
def health(stub, channel):
    service = health_pb2_grpc.HealthStub(channel)
    equal(service.Check(health_pb2.HealthCheckRequest(), timeout=10).status, health_pb2.HealthCheckResponse.SERVING)
    known = health_pb2.HealthCheckRequest(service="grpc.testing.TestService")
    equal(service.Check(known, timeout=10).status, health_pb2.HealthCheckResponse.SERVING)
    unknown = health_pb2.HealthCheckRequest(service="nothing")
    fails(grpc.StatusCode.NOT_FOUND, lambda: service.Check(unknown, timeout=10))
    watch = service.Watch(unknown, timeout=10)
    equal(next(watch).status, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
    watch.cancel()


@case
def reflection_v1alpha(stub, channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    services = set(database.get_services())
    for name in ("grpc.testing.TestService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"):
        equal(name in services, True)
    pool = descriptor_pool.DescriptorPool(database)
    equal(pool.FindServiceByName("beamline.v1.RunService").FindMethodByName("StartRun").output_type.full_name,
          "beamline.v1.StartRunResponse")


@case
def reflection_v1(stub, channel):
    """The same messages under the other package name."""
    call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                 request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
                                 response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
    requests = [reflection_pb2.ServerReflectionRequest(list_services=""),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="beamline.v1.Run"),
                reflection_pb2.ServerReflectionRequest(file_by_filename="nothing.proto")]
    first, second, third = list(call(iter(requests), timeout=10))
    equal("grpc.testing.TestService" in [service.name for service in first.list_services_response.service], True)
    equal(len(second.file_descriptor_response.file_descriptor_proto), 1)
    equal(third.error_response.error_code, 5)


def main():
    target = "localhost:" + sys.argv[1]
    options = [("grpc.enable_http_proxy", 0)]
    if len(sys.argv) > 2:
        with open(sys.argv[2], "rb") as file:
            channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()), options)
    else:
        channel = grpc.insecure_channel("127.0.0.1:" + sys.argv[1], options)
    stub = test_pb2_grpc.TestServiceStub(channel)
    for function in cases:
        try:
            function(stub, channel)
            print("ok " + function.__name__, flush=True)
        except Exception as error:
            traceback.print_exc()
            print("not ok %s: %s" % (function.__name__, repr(error).replace("\n", " ")), flush=True)
    channel.close()


main()
