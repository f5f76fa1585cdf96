import asyncio
import json
import os
import sys
import unittest

import place

sys.path.insert(0, os.path.dirname(place.PEERS))
import streams  # noqa: E402

PROGRAM = streams.__file__


def frames(octets):
    while octets:
        length = int.from_bytes(octets[:3], "big")
        yield octets[3], octets[4], int.from_bytes(octets[5:9], "big"), octets[9:9 + length]
        octets = octets[9 + length:]


class WireTests(unittest.TestCase):
    def test_a_frame_has_its_length_in_24_bits(self):
        self.assertEqual(streams.frame(streams.PING, 0, 0, b"12345678"), b"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678")

    def test_a_literal_header_is_as_rfc_7541_c_2_says_without_an_index(self):
        self.assertEqual(streams.header("te", "trailers"), b"\x00\x02te\x08trailers")

    def test_a_long_value_has_its_length_in_several_octets(self):
        # 300 = 127 + 173, and 173 = 45 + 128.
        self.assertEqual(streams.header("a", "x" * 300)[:6], b"\x00\x01a\x7f\xad\x01")

    def test_numbers_of_protobuf_go_there_and_back(self):
        for value in (0, 1, 127, 128, 300, 2**32, 2**63 - 1):
            octets = streams.varint(value)
            self.assertEqual(streams.read_varint(octets, 0), (value, len(octets)))

    def test_fields_of_a_message_go_there_and_back(self):
        text = streams.field(1, b"worker") + streams.field(4, 3000) + streams.field(5, b"")
        self.assertEqual(list(streams.fields(text)), [(1, b"worker"), (4, 3000), (5, b"")])

    def test_a_heartbeat_is_an_empty_message_in_its_grpc_frame(self):
        self.assertEqual(streams.HEARTBEAT[9:], b"\x00\x00\x00\x00\x02\x2a\x00")


class Server:
    """A server of the test that closes the first `refused` connections."""

    def __init__(self, handle, refused=0):
        self.handle, self.refused, self.seen, self.writers = handle, refused, 0, []

    async def accept(self, reader, writer):
        self.seen += 1
        if self.seen <= self.refused:
            writer.close()
            return
        self.writers.append(writer)
        await self.handle(reader, writer)

    async def run(self, kind, count, body):
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        program = await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, kind, "--port", str(port), "--token", "T", "--count", str(count),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)

        async def answer():
            return json.loads(await asyncio.wait_for(program.stdout.readline(), 30))

        try:
            await body(program, answer)
        finally:
            if program.returncode is None:
                program.kill()
            await program.wait()
            for writer in self.writers:
                writer.close()
            server.close()


async def read_events(reader, writer):
    request = await reader.readuntil(b"\r\n\r\n")
    assert b"Authorization: Bearer T" in request
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: here\n\n")


async def welcome(reader, writer):
    """The preface, then HEADERS and the Hello; a Welcome with a heartbeat of 100 ms."""
    await reader.readexactly(24)
    text = streams.field(1, streams.field(1, b"id") + streams.field(4, 100))
    # In two frames, as a server may cut it.
    answer = streams.message(text)[9:]
    writer.write(streams.frame(streams.SETTINGS, 0, 0) + streams.frame(streams.DATA, 0, 1, answer[:3])
                 + streams.frame(streams.DATA, 0, 1, answer[3:]))


class StreamTests(unittest.IsolatedAsyncioTestCase):
    async def test_readers_say_when_the_first_and_the_last_got_an_event(self):
        server = Server(read_events)

        async def body(program, answer):
            self.assertEqual(await answer(), {"open": 5, "again": 0})
            program.stdin.write(b"\n")
            self.assertEqual(await answer(), {"expecting": True})
            for writer in server.writers:
                writer.write(b": not this\n\n")
                writer.write(b"event: run\ndata: {}\n\n")
            times = await answer()
            self.assertLessEqual(times["first_at"], times["last_at"])

        await server.run("events", 5, body)

    async def test_a_stream_that_is_closed_while_others_open_comes_again(self):
        async def body(program, answer):
            self.assertEqual(await answer(), {"open": 4, "again": 2})

        await Server(read_events, refused=2).run("events", 4, body)

    async def test_a_stream_that_is_closed_when_all_are_open_is_a_failure(self):
        server = Server(read_events)

        async def body(program, answer):
            await answer()
            server.writers[0].close()
            self.assertIn(b"a stream was closed with 3 of 3 open", await program.stderr.read())
            self.assertEqual(await program.wait(), 1)

        await server.run("events", 3, body)

    async def test_a_refused_request_is_a_failure(self):
        async def refuse(reader, writer):
            writer.write(b"HTTP/1.1 401 Unauthorized\r\n\r\n")

        async def body(program, answer):
            self.assertIn(b"401 Unauthorized", await program.stderr.read())

        await Server(refuse).run("events", 1, body)

    async def test_a_worker_says_hello_and_sends_heartbeats_when_it_is_welcome(self):
        server, heard = Server(None), asyncio.Queue()

        async def serve(reader, writer):
            await welcome(reader, writer)
            octets = b""
            while streams.HEARTBEAT not in octets:
                octets += await reader.read(4096)
            heard.put_nowait(octets)

        server.handle = serve

        async def body(program, answer):
            self.assertEqual(await answer(), {"open": 2, "again": 0})
            said = [list(frames(await asyncio.wait_for(heard.get(), 30))) for _ in range(2)][0]
            self.assertEqual([kind for kind, _, _, _ in said[:3]], [streams.SETTINGS, streams.HEADERS, streams.DATA])
            self.assertIn((streams.SETTINGS, streams.ACK, 0, b""), said)
            hello = dict(streams.fields(dict(streams.fields(said[2][3][5:]))[1]))
            self.assertEqual(len(hello[2]), 16)

        await server.run("workers", 2, body)


if __name__ == "__main__":
    unittest.main()
