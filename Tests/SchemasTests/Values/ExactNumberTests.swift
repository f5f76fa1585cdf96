import Testing

@testable import Schemas

@Suite("Exact numbers")
struct ExactNumberTests {
    @Test(
        "the same value however it is written",
        arguments: [
            ["1", "1.0", "1e0", "10e-1", "0.1E1", "1.000"], ["0", "-0", "0.0", "0e9", "0e99999999999999"],
            ["-2.5", "-25e-1"], ["1e30", "1000000000000000000000000000000"],
        ])
    func equal(texts: [String]) throws {
        let numbers = try texts.map { try #require(ExactNumber(text: $0)) }
        #expect(Set(numbers).count == 1)
    }

    @Test(
        "order",
        arguments: [
            [
                "-1e400", "-1.5", "-1", "-1e-400", "0", "1e-400", "0.999999999999999999999", "1",
                "1.0000000000000000000001", "9", "10", "18446744073709551615", "18446744073709551616", "1e400",
            ]
        ])
    func order(texts: [String]) throws {
        let numbers = try texts.map { try #require(ExactNumber(text: $0)) }
        for (left, one) in numbers.enumerated() {
            for (right, other) in numbers.enumerated() { #expect((one < other) == (left < right)) }
        }
    }

    @Test(
        "what is no number of JSON, or beyond the limits",
        arguments: ["", "-", "01", "1.", ".5", "1e", "+1", "0x1", "1 ", "1e1000000001", "NaN", "--1"])
    func refused(text: String) { #expect(ExactNumber(text: text) == nil) }

    @Test("digits up to their limit")
    func limit() {
        #expect(ExactNumber(text: String(repeating: "7", count: 4096)) != nil)
        #expect(ExactNumber(text: String(repeating: "7", count: 4097)) == nil)
    }

    @Test(
        "as text",
        arguments: [
            ("1.50", "1.5"), ("-0.0075", "-0.0075"), ("1e3", "1000"), ("1e308", "1e308"), ("12e-30", "12e-30"),
            ("12345678910111213141516171819", "12345678910111213141516171819"),
        ])
    func text(written: String, shown: String) throws {
        #expect(try #require(ExactNumber(text: written)).description == shown)
    }

    @Test("whole numbers as counts")
    func counts() throws {
        #expect(ExactNumber(text: "2.0")?.count == 2)
        #expect(ExactNumber(text: "3e2")?.count == 300)
        #expect(ExactNumber(text: "0")?.count == 0)
        #expect(ExactNumber(text: "1e99")?.count == .max)
        #expect(ExactNumber(text: "18446744073709551615")?.count == .max)
        #expect(try #require(ExactNumber(text: "-1")).count == nil)
        #expect(try #require(ExactNumber(text: "0.5")).count == nil)
    }

    @Test("integers of every width come through from Int64")
    func integers() {
        for value in [0, 1, -1, 10, -100, Int64.max, Int64.min] {
            #expect(ExactNumber(value) == ExactNumber(text: "\(value)"))
        }
        #expect(ExactNumber(shortestTextOf: 0.1) == ExactNumber(text: "0.1"))
        #expect(ExactNumber(shortestTextOf: 1e300) == ExactNumber(text: "1e300"))
    }

    @Test("division against integers, over many pairs")
    func division() {
        for left in stride(from: -60, through: 60, by: 1) {
            for right in 1...30 {
                let expected = left.isMultiple(of: right)
                #expect(ExactNumber(Int64(left)).isMultiple(of: ExactNumber(Int64(right))) == expected)
                let scaled = ExactNumber(text: "\(left)e25")?.isMultiple(of: ExactNumber(text: "\(right)e25") ?? .zero)
                #expect(scaled == expected)
            }
        }
    }
}
