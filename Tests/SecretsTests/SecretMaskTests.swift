import Foundation
import Testing

@testable import Secrets

@Suite("Secrets in text")
struct SecretMaskTests {
    private static let secret = #"p4$s/w+rd "é☂" <&>'x"#

    private static func mask(_ values: String...) throws -> SecretMask {
        try #require(SecretMask(values.map { Array($0.utf8) }))
    }

    /// Ways in which programs print a value.
    private static func forms(of secret: String) -> [String: String] {
        let data = Data(secret.utf8)
        let json = String(decoding: (try? JSONSerialization.data(withJSONObject: [secret])) ?? Data(), as: UTF8.self)
        let upper: [String] = data.map { String(format: "%02X", $0) }
        let units: [String] = secret.utf16.map { String(format: "\\u%04x", $0) }
        let url = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let html = secret.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        var forms: [String: String] = ["raw": secret, "url": url, "html": html]
        forms["hex"] = upper.joined().lowercased()
        forms["HEX"] = upper.joined()
        forms["dump"] = upper.joined(separator: " ")
        forms["colons"] = upper.joined(separator: ":")
        forms["json"] = String(json.dropFirst(2).dropLast(2))
        forms["json in ascii"] = units.joined()
        forms["form"] = url.replacing("%20", with: "+")
        forms["query"] = secret.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed)
        forms["every byte"] = upper.map { "%" + $0.lowercased() }.joined()
        for offset in 0..<3 {
            let all = Data(repeating: 0x41, count: offset) + data + Data([0x42, 0x43])
            forms["base64 at \(offset)"] = all.base64EncodedString()
            forms["base64url at \(offset)"] = all.base64EncodedString().replacing("+", with: "-")
                .replacing("/", with: "_")
        }
        let long = Data(repeating: 0x61, count: 50) + data
        forms["wrapped base64"] = long.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
        return forms
    }

    /// What of base64 is the value's alone: two characters at each end may be shared with neighbours.
    private static func leaks(_ text: String, _ form: String) -> Bool {
        let needle = form.split(separator: "\n").joined().dropFirst(4).dropLast(4)
        return text.split(separator: "\n").joined().contains(needle)
    }

    @Test("each way of writing a secret is masked, wherever it stands")
    func forms() throws {
        for secret in [Self.secret, "hunter2hunter2", "ABCDEFGH", "ключ-от-дома", "aaaaaaaa"] {
            let mask = try Self.mask(secret)
            for (name, form) in Self.forms(of: secret) {
                for text in [form, "x=\(form);", "\"\(form)\"", "\(form)\(form)"] {
                    let clean = mask.masked(text)
                    #expect(clean.contains("***") && !Self.leaks(clean, form), "\(secret) as \(name): \(clean)")
                }
            }
        }
    }

    @Test("a secret that is cut anywhere is masked as if it were whole")
    func parts() throws {
        let mask = try Self.mask(Self.secret)
        for (name, form) in Self.forms(of: Self.secret) {
            let text = Array("before \(form) after".utf8)
            let whole = mask.masked(text)
            for cut in 0...text.count {
                var stream = SecretStream(mask)
                let parts = stream.take(Array(text[..<cut])) + stream.take(Array(text[cut...])) + stream.finish()
                #expect(parts == whole, "\(name) cut at \(cut)")
            }
            var stream = SecretStream(mask)
            #expect(text.flatMap { stream.take([$0]) } + stream.finish() == whole, "\(name) byte by byte")
        }
    }

    @Test("what is no secret stays, also when it begins like one, and nothing waits longer than it must")
    func others() throws {
        let mask = try Self.mask("token-12345")
        for text in ["", "token-1234", "token-token-1234", "t", "746f6b656e", "plain", "tokens, all of them\n", "é"] {
            #expect(mask.masked(text) == text)
        }
        #expect(mask.masked("token-token-12345!") == "token-***!")
        var stream = SecretStream(mask)
        #expect(stream.take(Array("line\n".utf8)) == Array("line\n".utf8))
        #expect(stream.take(Array("to".utf8)).isEmpty)
        #expect(stream.take(Array("day\n".utf8)) == Array("today\n".utf8))
    }

    @Test("several secrets, one within another, and the lines of a long one")
    func several() throws {
        let mask = try Self.mask("short-secret", "a-short-secret-in-a-long-one", "line one is\nthe second line\nx")
        #expect(mask.masked("short-secret a-short-secret-in-a-long-one") == "*** ***")
        #expect(mask.masked("> line one is\n> the second line\n> x") == "> ***\n> ***\n> x")
        #expect(SecretMask([]) == nil && SecretMask([[1, 2, 3]]) == nil)
    }

    @Test("JSON stays JSON: what has a secret in it becomes a string, its keys too")
    func json() throws {
        let mask = try Self.mask("12345678", #"a"b\c-secret"#)
        let cases: [(String, String)] = [
            (#"{"a":[1,true,null,"x"]}"#, #"{"a":[1,true,null,"x"]}"#),
            (#"{"n":12345678,"m":812345678.5}"#, #"{"n":"***","m":"8***.5"}"#),
            (#"{"12345678":"a\"b\\c-secret!"}"#, #"{"***":"***!"}"#), (#""a\u0022b\u005cc-secret""#, #""***""#),
        ]
        for (text, clean) in cases {
            #expect(String(decoding: mask.masked(json: Array(text.utf8)), as: UTF8.self) == clean)
        }
    }

    @Test("a value that is no text is found by its bytes")
    func bytes() throws {
        let value: [UInt8] = [0xff, 0x00, 0xfe, 0x80, 0x81]
        let mask = try #require(SecretMask([value]))
        #expect(mask.masked([1] + value + [2]) == [1] + Array("***".utf8) + [2])
        #expect(mask.masked("ff00fe8081") == "***" && mask.masked("%ff%00%FE%80%81") == "***")
        #expect(mask.masked("/wD+gIE=") == "***E=" || mask.masked("/wD+gIE=") == "***=")
    }

    @Test("random texts around a secret and its halves: nothing but the secret goes")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        let mask = try Self.mask("abab-abc")
        for _ in 0..<2000 {
            let pieces = (0..<Int.random(in: 0..<8)).map { _ in
                ["ab", "abab-", "abab-abc", "-", "c", "aba", "xyz"].randomElement(using: &generator) ?? ""
            }
            let text = pieces.joined()
            var expected = text
            while let range = expected.range(of: "abab-abc") { expected.replaceSubrange(range, with: "\u{1}") }
            var stream = SecretStream(mask)
            let bytes = Array(text.utf8)
            let cut = Int.random(in: 0...bytes.count)
            let clean = stream.take(Array(bytes[..<cut])) + stream.take(Array(bytes[cut...])) + stream.finish()
            #expect(String(decoding: clean, as: UTF8.self) == expected.replacing("\u{1}", with: "***"))
        }
    }
}
