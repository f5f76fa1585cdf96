import Testing

@testable import WorkerRuntime

@Suite("/proc/PID/stat")
struct ProcStatTests {
    @Test("a command with spaces and parentheses")
    func parses() throws {
        let stat = try #require(ProcStat(parsing: Array("4711 (a) b (c) S 1 4700 4600 0 -1 4194560 1\n".utf8)))
        #expect(stat.pid == 4711 && stat.state == UInt8(ascii: "S") && stat.parent == 1)
        #expect(stat.group == 4700 && stat.session == 4600 && !stat.isZombie)
    }

    @Test("garbage is nothing", arguments: ["", "1 S", "1 (x) S", ") 1 (", "x (y) S 1 2 3"])
    func garbage(_ text: String) {
        #expect(ProcStat(parsing: Array(text.utf8)) == nil)
    }
}
