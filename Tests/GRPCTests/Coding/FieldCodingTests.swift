import HTTP
import Protobuf
import Testing

@testable import GRPC

@Suite("What stands in gRPC's fields")
struct FieldCodingTests {
    @Test(
        "timeouts are read",
        arguments: [
            ("1H", Duration.seconds(3600)), ("2M", .seconds(120)), ("99999999S", .seconds(99_999_999)),
            ("0m", .zero), ("15m", .milliseconds(15)), ("7u", .microseconds(7)),
            ("99999999n", .nanoseconds(99_999_999)),
        ])
    func timeout(text: String, span: Duration) { #expect(GRPCTimeout.parse(text) == span) }

    @Test(
        "other timeouts are refused", arguments: ["", "S", "1", "100000000S", "-1S", "+1S", "1.5S", "1s", "1 S", "١S"])
    func malformedTimeout(text: String) { #expect(GRPCTimeout.parse(text) == nil) }

    @Test(
        "a written timeout is read as the same or a little later",
        arguments: [
            .zero, .nanoseconds(1), .milliseconds(99), .milliseconds(100), .seconds(1), .seconds(98.9999999),
            .seconds(99), .seconds(12345.678), .seconds(100_000), .seconds(99_999_999), .seconds(100_000_000),
        ] as [Duration])
    func writtenTimeout(span: Duration) throws {
        let text = GRPCTimeout.format(span)
        #expect(text.utf8.count <= 9)
        let read = try #require(GRPCTimeout.parse(text))
        if span <= .seconds(99_999_999) { #expect(read >= span) }
        #expect(read - span <= max(.milliseconds(1), span * 0.001) && span - read <= .seconds(60))
    }

    @Test("a span in the past is no time at all")
    func past() { #expect(GRPCTimeout.format(.seconds(-1)) == "0n") }

    @Test(
        "messages are percent-encoded",
        arguments: [
            ("plain text!", "plain text!"), ("100%", "100%25"), ("a\tb\r\n", "a%09b%0D%0A"),
            ("☺ 😈", "%E2%98%BA %F0%9F%98%88"), ("", ""),
        ])
    func percent(text: String, coded: String) {
        #expect(PercentCoding.encode(text) == coded)
        #expect(PercentCoding.decode(coded) == text)
    }

    @Test("a broken escape is kept", arguments: ["%", "%2", "%zz", "50% off"])
    func brokenPercent(text: String) { #expect(PercentCoding.decode(text) == text) }

    @Test(
        "Base64 by RFC 4648 §10",
        arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")])
    func base64(text: String, coded: String) {
        #expect(Base64.encode(Array(text.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(text.utf8))
        let padded = coded + String(repeating: "=", count: (4 - coded.count % 4) % 4)
        #expect(Base64.decode(padded) == Array(text.utf8))
    }

    @Test("every byte survives Base64")
    func allBytes() { #expect(Base64.decode(Base64.encode(Array(0...255))) == Array(0...255)) }

    @Test("what is not Base64 is refused", arguments: ["A", "Zg=", "Z===", "Zm9v!", "Zm 9v", "é"])
    func brokenBase64(text: String) { #expect(Base64.decode(text) == nil) }

    @Test("binary metadata may be many values, joined or not")
    func binaryMetadata() {
        var metadata = GRPCMetadata(fields: ["x-bin": "AQ, Ag==,", "x-bin": "Aw", "y-bin": "BA"])
        #expect(metadata.binary("x-bin") == [[1], [2], [], [3]])
        metadata.append("z-bin", binary: [0xab, 0xab, 0xab])
        #expect(metadata.fields["z-bin"] == "q6ur")
    }

    @Test("a status with details survives")
    func status() {
        let status = GRPCStatus(
            .invalidArgument, "no ☺", reason: "bad_name", fields: [(field: "name", description: "is empty")])
        var fields = HTTPFields()
        status.write(to: &fields)
        #expect(fields["grpc-status"] == "3")
        #expect(fields["grpc-message"] == "no %E2%98%BA")
        let read = GRPCStatus(trailers: fields)
        #expect(read?.code == .invalidArgument)
        #expect(read?.message == "no ☺")
        #expect(read?.reason == "bad_name")
        #expect(
            read?.detail(GoogleRPC.BadRequest.self)?.fieldViolations == [.init(field: "name", description: "is empty")])
        #expect(read?.detail(GoogleRPC.RetryInfo.self) == nil)
    }

    @Test("an unknown code is UNKNOWN, none is no status")
    func unknownStatus() {
        #expect(GRPCStatus(trailers: ["grpc-status": "99"])?.code == .unknown)
        #expect(GRPCStatus(trailers: ["grpc-status": "x"])?.code == .unknown)
        #expect(GRPCStatus(trailers: [:]) == nil)
    }

    @Test(
        "an accepted encoding is named whole", arguments: [("gzip", true), ("identity, gzip", true), ("xgzip", false)])
    func accepted(list: String, expected: Bool) { #expect(GRPCCompression.gzip.isNamed(in: list) == expected) }
}
