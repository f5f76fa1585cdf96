import Expressions
import Testing

@Suite("Timestamps and durations")
struct TimeFunctionTests {
    @Test("reading, writing, calculating")
    func values() {
        expectTrue([
            "timestamp('2009-02-13T23:31:30Z') == timestamp(1234567890)",
            "timestamp('2009-02-14T01:31:30+02:00') == timestamp(1234567890)",
            "timestamp('2009-02-13T15:31:30.000-08:00') == timestamp(1234567890)",
            "string(timestamp('2009-02-13T23:31:30.123456789Z')) == '2009-02-13T23:31:30.123456789Z'",
            "string(timestamp('0001-01-01T00:00:00Z')) == '0001-01-01T00:00:00Z'",
            "string(timestamp('9999-12-31T23:59:59.999999999Z')) == '9999-12-31T23:59:59.999999999Z'",
            "timestamp('1969-12-31T23:59:59.5Z') < timestamp(0)", "int(timestamp('1969-12-31T23:59:59.5Z')) == -1",
            "timestamp('2000-02-29T00:00:00Z') - timestamp('2000-02-28T00:00:00Z') == duration('24h')",
            "timestamp(0) + duration('1.5s') == timestamp('1970-01-01T00:00:01.5Z')",
            "duration('1s') + timestamp(0) == timestamp(1)",
            "timestamp(0) - duration('1ms') == timestamp('1969-12-31T23:59:59.999Z')",
            "duration('1h') + duration('30m') == duration('1h30m')",
            "duration('1m') - duration('90s') == duration('-30s')",
            "duration('1.5h') == duration('90m')", "duration('1us1ns') == duration('1001ns')",
            "duration('+1s') == duration('1s')",
            "duration('0') == duration('0s')", "duration('1µs') == duration('1us')",
            "duration('.5s') == duration('500ms')",
            "duration('9223372036.854775807s') > duration('0')", "string(duration('1000000s')) == '1000000s'",
            "duration('-9223372036.854775808s') < duration('0')",
            "timestamp('2262-04-11T23:47:16.854775807Z') - timestamp(0) == duration('9223372036.854775807s')",
            "timestamp('2009-02-14t01:31:30.5+02:00') == timestamp('2009-02-13t23:31:30.5z')",
            "type(timestamp(0) - timestamp(0)) == google.protobuf.Duration",
        ])
    }

    @Test("what is refused")
    func refused() {
        expectFailure(
            .conversion,
            [
                "timestamp('0000-01-01T00:00:00Z')", "timestamp('10000-01-01T00:00:00Z')",
                "timestamp('2009-02-29T00:00:00Z')",
                "timestamp('2009-13-01T00:00:00Z')", "timestamp('2009-02-13T24:00:00Z')", "timestamp('2009-02-13')",
                "timestamp('2009-02-13T23:31:30')", "timestamp('2009-02-13 23:31:30Z')",
                "timestamp('2009-02-13T23:31:30Zx')",
                "timestamp('0001-01-01T00:00:00+01:00')", "timestamp('2009-02-13T23:31:30.Z')",
                "timestamp('1900-02-29T00:00:00Z')",
                "duration('')", "duration('1')", "duration('s')", "duration('1x')", "duration('1s ')", "duration('-')",
                "duration('1.s2')", "duration('320000000000s')", "duration('-320000000000s')", "duration('1s-1s')",
                "duration('9223372036.854775808s')", "duration('-9223372036.854775809s')", "duration('2562048h')",
                "duration('999999999999999999999999999999h')",
            ])
        expectFailure(
            .overflow,
            [
                "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
                "timestamp('0001-01-01T00:00:00Z') - duration('1ns')",
                "timestamp('0001-01-01T00:00:00Z') + duration('-10s')",
                "timestamp('9999-12-31T23:59:59Z') - duration('-10s')",
                "duration('9223372036s') + duration('0.854775808s')",
                "duration('-9223372036s') - duration('1s')",
                "timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')",
                "timestamp('0001-01-01T00:00:00Z') - timestamp('9999-12-31T23:59:59Z')",
            ])
    }

    @Test("fields")
    func fields() {
        let time = "timestamp('2009-02-13T23:31:30.123456Z')"
        expectTrue([
            "\(time).getFullYear() == 2009", "\(time).getMonth() == 1", "\(time).getDate() == 13",
            "\(time).getDayOfMonth() == 12", "\(time).getDayOfWeek() == 5", "\(time).getDayOfYear() == 43",
            "\(time).getHours() == 23", "\(time).getMinutes() == 31", "\(time).getSeconds() == 30",
            "\(time).getMilliseconds() == 123", "\(time).getDate('+01:00') == 14", "\(time).getHours('-08:00') == 15",
            "\(time).getMinutes('+05:30') == 1", "\(time).getHours('02:00') == 1", "\(time).getHours('UTC') == 23",
            "\(time).getDayOfWeek('+11:00') == 6", "timestamp('2000-12-31T00:00:00Z').getDayOfYear() == 365",
            "timestamp('1900-01-01T00:00:00Z').getDayOfWeek() == 1",
            "timestamp('0001-01-01T00:00:00Z').getFullYear() == 1",
            "timestamp('1969-12-31T23:59:59Z').getSeconds() == 59",
            "timestamp('2009-01-04T00:00:00Z').getDayOfWeek() == 0",
            "duration('3661.5s').getHours() == 1", "duration('3661.5s').getMinutes() == 61",
            "duration('3661.5s').getSeconds() == 3661",
            "duration('123.321456789s').getMilliseconds() == 321", "duration('-90m').getHours() == -1",
        ])
        expectFailure(
            .noOverload,
            ["duration('1s').getFullYear()", "duration('1s').getHours('UTC')", "'a'.getHours()", "\(time).getHours(1)"])
        expectFailure(
            .conversion,
            [
                "\(time).getHours('Europe/Berlin')", "\(time).getHours('+25:00')", "\(time).getHours('1:2')",
                "\(time).getHours('../etc/passwd')",
            ])
    }

    @Test("every day of some years has its date")
    func calendar() throws {
        var previous = 0
        for days in stride(from: -719_162, through: 2_932_896, by: 997) {
            let value = try evaluate(
                "[t.getFullYear(), t.getMonth(), t.getDate(), t.getDayOfWeek(), t.getDayOfYear()]",
                values: ["t": try evaluate("timestamp(\(days * 86_400))")])
            guard case .list(let list) = value, case .int(let year) = list[0], case .int(let month) = list[1],
                case .int(let day) = list[2], case .int(let weekday) = list[3], case .int(let ordinal) = list[4]
            else {
                Issue.record("\(value)")
                return
            }
            let key = Int(year) * 10_000 + Int(month) * 100 + Int(day)
            #expect(key > previous)
            previous = key
            #expect((0..<12).contains(month) && (1...31).contains(day) && (0..<366).contains(ordinal))
            #expect(weekday == Int64(((days + 4) % 7 + 7) % 7))
        }
    }
}
