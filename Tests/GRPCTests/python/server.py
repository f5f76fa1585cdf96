"""A TestService by official grpcio: python server.py [PORT]. Prints its port, then a line for each call that ended."""
import concurrent.futures
import os
import sys
import threading
import time

import grpc

import generated

messages_pb2, empty_pb2, test_pb2_grpc = generated.load()


def watch_parent(parent):
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def payload(size):
    return messages_pb2.Payload(body=bytes(size))


class TestService(test_pb2_grpc.TestServiceServicer):
    def echo(self, context):
        for name, value in context.invocation_metadata():
            if name == "x-grpc-test-echo-initial":
                context.send_initial_metadata(((name, value),))
            if name == "x-grpc-test-echo-trailing-bin":
                context.set_trailing_metadata(((name, value),))

    def EmptyCall(self, request, context):
        return request

    def UnaryCall(self, request, context):
        self.echo(context)
        if request.response_status.code:
            context.abort(grpc.StatusCode.NOT_FOUND, request.response_status.message)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return messages_pb2.SimpleResponse(payload=payload(request.response_size))

    def outputs(self, request, context):
        for parameters in request.response_parameters:
            time.sleep(parameters.interval_us / 1e6)
            yield messages_pb2.StreamingOutputCallResponse(payload=payload(parameters.size))
        if request.response_status.code:
            context.abort(grpc.StatusCode.ABORTED, request.response_status.message)

    def StreamingOutputCall(self, request, context):
        context.add_callback(lambda: print("ended", flush=True))
        yield from self.outputs(request, context)

    def StreamingInputCall(self, requests, context):
        return messages_pb2.StreamingInputCallResponse(
            aggregated_payload_size=sum(len(request.payload.body) for request in requests))

    def FullDuplexCall(self, requests, context):
        self.echo(context)
        for request in requests:
            yield from self.outputs(request, context)


threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()
server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
test_pb2_grpc.add_TestServiceServicer_to_server(TestService(), server)
print(server.add_insecure_port("127.0.0.1:" + (sys.argv[1] if len(sys.argv) > 1 else "0")), flush=True)
server.start()
server.wait_for_termination()
