import Testing

@testable import beamline

@Suite("Lines of a stream")
struct LineSplitterTests {
    private func lines(_ chunks: [String], limit: Int = 10) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        for chunk in chunks { lines += splitter.add(Array(chunk.utf8)[...]) }
        return lines + (splitter.finish().map { [$0] } ?? [])
    }

    private func whole(_ text: String) -> LineSplitter.Line { .whole(Array(text.utf8)) }

    @Test func linesAreWholeHoweverTheyAreCut() {
        #expect(lines(["a\nbc\n"]) == [whole("a"), whole("bc")])
        #expect(lines(["a", "b\n", "\nc", "d"]) == [whole("ab"), whole(""), whole("cd")])
        #expect(lines([]) == [])
        #expect(lines(["\n"]) == [whole("")])
    }

    @Test func aLineThatIsTooLongDoesNotEndTheRest() {
        #expect(lines(["0123456789\n"]) == [whole("0123456789")])
        #expect(lines(["01234567890\nb\n"]) == [.tooLong, whole("b")])
        #expect(lines(["012345", "678", "90123", "\nb"]) == [.tooLong, whole("b")])
        #expect(lines(["01234567890"]) == [.tooLong])
    }
}
