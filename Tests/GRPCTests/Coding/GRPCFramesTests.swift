import NIOCore
import TestProtos
import Testing

@testable import GRPC

@Suite("Length-prefixed messages")
struct GRPCFramesTests {
    @Test("any cut of the stream gives the same messages", arguments: 1...13)
    func cuts(size: Int) throws {
        let stream = ByteBuffer(bytes: [0, 0, 0, 0, 2, 7, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9])
        var deframer = GRPCDeframer(limit: 100)
        var found: [GRPCFrame] = []
        var rest = stream
        while rest.readableBytes > 0 {
            let piece = rest.readSlice(length: min(size, rest.readableBytes))
            deframer.append(try #require(piece))
            while let frame = try deframer.next() { found.append(frame) }
        }
        #expect(
            found == [
                GRPCFrame(compressed: false, message: ByteBuffer(bytes: [7, 8])),
                GRPCFrame(compressed: true, message: ByteBuffer()),
                GRPCFrame(compressed: false, message: ByteBuffer(bytes: [9])),
            ])
        #expect(deframer.isBetweenMessages)
    }

    @Test("a length beyond the limit is refused before the bytes come")
    func tooLarge() {
        var deframer = GRPCDeframer(limit: 10)
        deframer.append(ByteBuffer(bytes: [0, 0, 0, 0, 11]))
        #expect(throws: GRPCStatus.messageTooLarge(11, limit: 10)) { try deframer.next() }
    }

    @Test("an unknown flag is refused")
    func flag() {
        var deframer = GRPCDeframer(limit: 10)
        deframer.append(ByteBuffer(bytes: [2, 0, 0, 0, 0]))
        #expect { try deframer.next() } throws: { ($0 as? GRPCStatus)?.code == .internal }
    }

    @Test("an end inside a message is noticed")
    func cutOff() throws {
        var deframer = GRPCDeframer(limit: 10)
        deframer.append(ByteBuffer(bytes: [0, 0, 0]))
        #expect(try deframer.next() == nil)
        #expect(!deframer.isBetweenMessages)
    }

    private static let message = GRPCTesting.Payload(body: Array(repeating: 65, count: 10_000))

    private static func frame(_ buffer: ByteBuffer) throws -> GRPCFrame {
        var deframer = GRPCDeframer(limit: 1 << 20)
        deframer.append(buffer)
        return try #require(try deframer.next())
    }

    @Test("messages survive, with and without compression", arguments: [GRPCCompression.identity, .gzip])
    func roundTrip(compression: GRPCCompression) throws {
        let codec = GRPCCodec(compression: compression, limit: 1 << 20)
        let bytes = try codec.encode(Self.message, compress: true)
        #expect((bytes.readableBytes < 200) == (compression == .gzip))
        #expect(try codec.decode(Self.frame(bytes), as: GRPCTesting.Payload.self) == Self.message)
        let empty = try codec.encode(GRPCTesting.Empty(), compress: true)
        #expect(try codec.decode(Self.frame(empty), as: GRPCTesting.Empty.self) == GRPCTesting.Empty())
    }

    @Test("a message that inflates beyond the limit is refused")
    func bomb() throws {
        let bytes = try GRPCCodec(compression: .gzip, limit: 1 << 20).encode(Self.message, compress: true)
        let codec = GRPCCodec(compression: .gzip, limit: 9_000)
        #expect { try codec.decode(Self.frame(bytes), as: GRPCTesting.Payload.self) } throws: {
            ($0 as? GRPCStatus)?.code == .resourceExhausted
        }
    }

    @Test("broken gzip is refused", arguments: [[] as [UInt8], [1, 2, 3], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]])
    func brokenGzip(bytes: [UInt8]) {
        let codec = GRPCCodec(compression: .gzip, limit: 1 << 20)
        let frame = GRPCFrame(compressed: true, message: ByteBuffer(bytes: bytes))
        #expect { try codec.decode(frame, as: GRPCTesting.Payload.self) } throws: {
            ($0 as? GRPCStatus)?.code == .internal
        }
    }

    @Test("a compressed message in a call without compression is refused")
    func unexpectedlyCompressed() {
        let codec = GRPCCodec(compression: .identity, limit: 1 << 20)
        let frame = GRPCFrame(compressed: true, message: ByteBuffer(bytes: [1]))
        #expect { try codec.decode(frame, as: GRPCTesting.Payload.self) } throws: {
            ($0 as? GRPCStatus)?.code == .internal
        }
    }

    @Test("bytes that are no message are the caller's fault")
    func malformed() {
        let codec = GRPCCodec(compression: .identity, limit: 1 << 20)
        let frame = GRPCFrame(compressed: false, message: ByteBuffer(bytes: [0xff]))
        #expect { try codec.decode(frame, as: GRPCTesting.Payload.self) } throws: {
            ($0 as? GRPCStatus)?.code == .invalidArgument && ($0 as? GRPCStatus)?.reason == "malformed_message"
        }
    }
}
