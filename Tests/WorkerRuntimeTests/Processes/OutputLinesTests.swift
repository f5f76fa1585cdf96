import Testing

@testable import WorkerRuntime

@Suite("Output lines")
struct OutputLinesTests {
    func feed(_ parts: [[UInt8]]) -> (chunks: [String], rest: String) {
        var lines = OutputLines()
        let chunks = parts.map { lines.append($0[...]) }
        return (chunks, lines.flush())
    }

    @Test("whole lines go at once, the rest waits")
    func whole() {
        let (chunks, rest) = feed([Array("one\ntwo\nthr".utf8), Array("ee\nfour".utf8)])
        #expect(chunks == ["one\ntwo\n", "three\n"])
        #expect(rest == "four")
    }

    @Test("a character split over two reads stays whole")
    func split() {
        let bytes = Array("grüße\n".utf8)
        let (chunks, _) = feed([Array(bytes[..<3]), Array(bytes[3...])])
        #expect(chunks == ["", "grüße\n"])
    }

    @Test("invalid UTF-8 and NUL are replaced")
    func invalid() {
        let (chunks, _) = feed([[0x61, 0xFF, 0x62, 0x00, 0x63, 0x0A]])
        #expect(chunks == ["a\u{FFFD}b\u{FFFD}c\n"])
    }

    @Test("a long line is cut between characters")
    func long() {
        let text = "x" + String(repeating: "é", count: OutputLines.lineLimit)
        let (chunks, rest) = feed([Array(text.utf8)])
        let pieces = chunks[0].split(separator: "\n").map(String.init) + [rest]
        #expect(pieces.joined() == text)
        #expect(pieces.allSatisfy { $0.utf8.count <= OutputLines.lineLimit })
        #expect(pieces.count == 3)
    }

    @Test("a window that holds only part of the last line keeps it")
    func window() {
        let line = String(repeating: "y", count: 10_000)
        let (chunks, rest) = feed([Array("\(line)\n\(line)\n\(line)".utf8)])
        #expect(chunks == ["\(line)\n\(line)\n"])
        #expect(rest == line)
    }
}
