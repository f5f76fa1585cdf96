"""Many idle streams of one kind from one process: readers of events over HTTP/1.1, or workers over HTTP/2 and gRPC.

    streams.py events|workers --port PORT --token TOKEN --count N

Says `{"open": N, "again": M}` when all are open; M of them had been closed before that and were opened again after a second,
as workers and browsers do. After a line on its input, `events` says when the first and the last of them got an
event (`{"first_at": …, "last_at": …}`, seconds since the epoch). Ends with its input, or when a stream is closed.
"""

import argparse
import asyncio
import json
import os
import struct
import sys
import time

AT_ONCE = 100  # connections that are being opened


class Streams:
    def __init__(self, count):
        self.count, self.opened, self.waiting, self.again = count, 0, 0, 0
        self.all_open = asyncio.Event()
        self.ended = asyncio.get_running_loop().create_future()
        self.first = self.last = 0.0

    def open(self):
        self.opened += 1
        if self.opened == self.count:
            self.all_open.set()

    def lost(self, error, what):
        if not self.ended.done():
            self.ended.set_result(f"a stream was closed with {self.opened} of {self.count} open: {error or what}")

    def closed(self, number, was_open, error):
        """Before all are open a stream may be closed, and comes again; later it may not."""
        if self.all_open.is_set() or self.again >= self.count:
            return self.lost(error, "by the server")
        self.again += 1
        self.opened -= was_open
        asyncio.get_running_loop().call_later(1, lambda: self.connecting.put_nowait(number))

    def expect(self):
        self.waiting, self.first, self.got_all = self.count, 0.0, asyncio.Event()

    def got(self):
        now = time.time()
        self.first, self.last = self.first or now, now
        self.waiting -= 1
        if self.waiting == 0:
            self.got_all.set()


class EventReader(asyncio.Protocol):
    def __init__(self, streams, options, number):
        self.streams, self.options, self.number, self.head, self.round = streams, options, number, b"", 0

    def connection_made(self, transport):
        transport.write(
            f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.options.token}\r\n"
            "Accept: text/event-stream\r\n\r\n".encode())

    def data_received(self, data):
        if self.head is not None:
            self.head += data
            head, found, data = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head:
                return self.streams.lost(None, head.decode(errors="replace"))
            self.head = None
            self.streams.open()
        if b"event: run" in data and self.round < self.options.round:
            self.round = self.options.round
            self.streams.got()

    def connection_lost(self, error):
        self.streams.closed(self.number, self.head is None, error)


# HTTP/2 (RFC 9113): types of frames and flags that are used.
DATA, HEADERS, SETTINGS, PING, GOAWAY = 0, 1, 4, 6, 7
END_HEADERS, ACK = 0x4, 0x1


def frame(kind, flags, stream, content=b""):
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def header(name, value):
    """HPACK (RFC 7541), a literal that is not indexed: each connection stays without a table of its own."""
    def text(octets):
        length = len(octets)
        if length < 127:
            return bytes([length]) + octets
        rest, more = length - 127, b""
        while rest >= 128:
            more += bytes([rest % 128 + 128])
            rest //= 128
        return b"\x7f" + more + bytes([rest]) + octets

    return b"\x00" + text(name.encode()) + text(value.encode())


def varint(value):
    octets = b""
    while value >= 128:
        octets += bytes([value % 128 + 128])
        value //= 128
    return octets + bytes([value])


def field(number, content):
    """A field of a protobuf message: octets, or a number."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def read_varint(octets, at):
    value = shift = 0
    while True:
        value |= (octets[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if octets[at - 1] < 128:
            return value, at


def fields(octets):
    """Numbers and values of a message that has no fixed-size fields."""
    at = 0
    while at < len(octets):
        key, at = read_varint(octets, at)
        value, at = read_varint(octets, at)
        if key & 7 == 2:
            value, at = octets[at:at + value], at + value
        yield key >> 3, value


def message(content):
    """A gRPC message without compression in a DATA frame of stream 1."""
    return frame(DATA, 0, 1, b"\x00" + struct.pack("!I", len(content)) + content)


HEARTBEAT = message(field(5, b""))


class Worker(asyncio.Protocol):
    def __init__(self, streams, options, number):
        self.streams, self.options, self.number = streams, options, number
        self.pending, self.body, self.timer = b"", b"", None

    def connection_made(self, transport):
        self.transport = transport
        headers = b"".join(header(name, value) for name, value in (
            (":method", "POST"), (":scheme", "http"), (":path", "/beamline.v1.WorkerService/Connect"),
            (":authority", f"127.0.0.1:{self.options.port}"), ("content-type", "application/grpc"), ("te", "trailers"),
            ("authorization", f"Bearer {self.options.token}")))
        hello = field(1, f"idle-{self.number}".encode()) + field(2, os.urandom(16)) + field(3, b"\x01") + field(4, b"streams")
        hello += field(5, field(1, b"idle") + field(2, b"io")) + field(6, field(1, b"io") + field(2, 1))
        transport.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, headers)
                        + message(field(1, hello)))

    def data_received(self, data):
        self.pending += data
        while len(self.pending) >= 9:
            length = int.from_bytes(self.pending[:3], "big")
            if len(self.pending) < 9 + length:
                return
            kind, flags = self.pending[3], self.pending[4]
            content, self.pending = self.pending[9:9 + length], self.pending[9 + length:]
            if kind == SETTINGS and not flags & ACK:
                self.transport.write(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.transport.write(frame(PING, ACK, 0, content))
            elif kind == GOAWAY:
                self.transport.close()
            elif kind == DATA and self.timer is None:
                self.welcomed(content)

    def welcomed(self, content):
        """The first message: how often to send a heartbeat. What comes after it is of no interest to an idle worker."""
        self.body += content
        if len(self.body) < 5 or len(self.body) < 5 + int.from_bytes(self.body[1:5], "big"):
            return
        welcome = dict(fields(self.body[5:])).get(1)
        if welcome is None:
            return self.streams.lost(None, f"no welcome: {self.body!r}")
        self.interval = dict(fields(welcome)).get(4, 3000) / 1000
        self.streams.open()
        # Spread over the interval, as workers that came at different times are.
        self.timer = asyncio.get_running_loop().call_later(self.interval * (self.number % 997) / 997, self.beat)

    def beat(self):
        self.transport.write(HEARTBEAT)
        self.timer = asyncio.get_running_loop().call_later(self.interval, self.beat)

    def connection_lost(self, error):
        if self.timer:
            self.timer.cancel()
        self.streams.closed(self.number, self.timer is not None, error)


async def main(options):
    loop = asyncio.get_running_loop()
    streams = Streams(options.count)
    kind = {"events": EventReader, "workers": Worker}[options.kind]
    streams.connecting = asyncio.Queue()
    for number in range(options.count):
        streams.connecting.put_nowait(number)

    async def connect():
        while True:
            number = await streams.connecting.get()
            await loop.create_connection(lambda: kind(streams, options, number), "127.0.0.1", options.port)

    async def serve():
        connectors = [asyncio.create_task(connect()) for _ in range(AT_ONCE)]
        opening = asyncio.create_task(streams.all_open.wait())
        await asyncio.wait([opening, *connectors], return_when=asyncio.FIRST_COMPLETED)
        for connector in connectors:
            if connector.done():
                connector.result()
        print(json.dumps({"open": streams.opened, "again": streams.again}), flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            streams.expect()
            options.round += 1
            print(json.dumps({"expecting": True}), flush=True)
            await streams.got_all.wait()
            print(json.dumps({"first_at": streams.first, "last_at": streams.last}), flush=True)

    work = asyncio.create_task(serve())
    await asyncio.wait([work, streams.ended], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        work.result()
        os._exit(0)
    print(streams.ended.result(), file=sys.stderr, flush=True)
    os._exit(1)  # a thread may still be reading the input


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("events", "workers"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.set_defaults(round=0)
    asyncio.run(main(parser.parse_args()))
