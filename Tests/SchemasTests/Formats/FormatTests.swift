import Testing

@testable import Schemas

@Suite("Formats")
struct FormatTests {
    private static func check(_ format: Format, _ valid: [String], _ invalid: [String]) {
        for text in valid { #expect(format.accepts(text), "\(text.debugDescription) is \(format.rawValue)") }
        for text in invalid { #expect(!format.accepts(text), "\(text.debugDescription) is no \(format.rawValue)") }
    }

    @Test func dateTime() {
        Self.check(
            .dateTime,
            [
                "1974-11-08T17:05:41.120934Z", "1974-11-08T08:30:06Z", "1937-01-01T12:00:27.87+00:20",
                "1998-12-31T23:59:60Z",
                "1998-12-31T15:59:60.123-08:00", "1974-11-08t08:30:06.283185z", "2020-02-29T00:00:00Z",
                "0000-01-01T00:00:00Z",
            ],
            [
                "1998-12-31T23:59:61Z", "1998-12-31T23:58:60Z", "1990-02-31T15:59:59Z", "1990-12-31T15:59:59-24:00",
                "1974-11-08T08:30:06.28123+01:00Z", "11/08/1974 17:05 CET", "2013-350T01:01:01",
                "1974-1-08T08:30:06Z",
                "1974-11-08T08:30:06", "1974-11-0৪T00:00:00Z", "1974-11-08 08:30:06Z", "1974-11-08T08:30:06.Z", "",
                "2021-02-29T00:00:00Z",
            ])
    }

    @Test func date() {
        Self.check(
            .date, ["1974-11-08", "2020-12-31", "2000-02-29"],
            [
                "2020-01-32", "2100-02-29", "1998-1-20", "1998-01-1", "1998-13-01", "1998-04-31", "1998-00-01",
                "1974-11-0৪", "20230328", "1974-11-08T",
            ])
    }

    @Test func time() {
        Self.check(
            .time,
            [
                "08:30:06Z", "23:59:60Z", "23:59:60+00:00", "01:29:60+01:30", "23:29:60+23:30", "15:59:60-08:00",
                "00:29:20.1+01:02", "08:30:06z",
            ],
            [
                "22:59:60Z", "23:58:60Z", "23:59:60+01:00", "23:59:60-00:30", "008:030:006Z", "8:3:6Z", "24:00:00Z",
                "00:60:00Z", "00:00:61Z",
                "01:02:03+24:00", "01:02:03+00:60", "01:02:03Z+00:30", "08:30:06 PST", "12:00:00", "12:00:00.52",
                "08:30:06#00:20", "08:30:06.Z",
            ])
    }

    @Test func duration() {
        Self.check(
            .duration, ["P3DT7H20M9S", "P4Y", "PT0S", "P0D", "P1M", "PT1M", "PT36H", "P1DT12H", "P2W", "P1Y2M3D"],
            [
                "3DT7H20M9S", "P", "P1YT", "PT", "P2D1Y", "P1D2H", "P2S", "P1Y2W", "P1", "P২Y", "", "PT1D", "P1Y2D",
                "PT1H2S", "P-1D", "P1.5D", "P1WT1H",
            ])
    }

    @Test func email() {
        Self.check(
            .email,
            [
                "ada.byron@example.com", "a~da@example.com", "~ada@example.com", "\"ada byron\"@example.com",
                "\"ada..byron\"@example.com",
                "\"ada@byron\"@example.com", "ada.byron@[127.0.0.1]", "ada.byron@[IPv6:::1]", "a.d.a@example.com",
                "a@localhost", #""a\"b"@c.d"#,
            ],
            [
                "4711", ".ada@example.com", "ada.@example.com", "ad..a@example.com", "ada.byron@wrong=name.org",
                "ada.byron@[127.0.0.300]",
                "@a.b", "a@", "a b@c.d", "\"a\"b\"@c.d", "é@example.com", "a@b@c.d", "ada@[IPv6:xyz]",
            ])
        Self.check(.idnEmail, ["물@호수.물", "ada.byron@example.com", "é@example.com"], ["4711", "@x", "a b@c.d"])
    }

    @Test func hostname() {
        let long = String(repeating: "a", count: 63)
        Self.check(
            .hostname,
            [
                "www.example.com", "hostname", "l4k3", "1lake", "big-lake", "a", "\(long).com",
                "xn--4gbwdl.xn--wgbh1c",
                "\([long, long, long, String(repeating: "b", count: 61)].joined(separator: "."))",
            ],
            [
                "-lake", "big_lake", "lake-", "", ".", "a..b", ".example",
                "example.", "\(long)a.com",
                "xn--X", "a-.b", "héllo", "XN--aa---o47jg78q",
                "\([long, long, long, String(repeating: "b", count: 62)].joined(separator: "."))",
            ])
    }

    @Test func idnHostname() {
        Self.check(
            .idnHostname,
            [
                "호수.물", "hostname", "l·l", "α͵β", "א׳ב", "א״ב", "・ぁ", "・丈", "・ァ",
                "ب٠ب".replacing("ب٠ب", with: "\u{628}\u{660}\u{628}"),
                "\u{6F0}0", "\u{915}\u{94D}\u{200D}\u{937}", "\u{915}\u{94D}\u{200C}\u{937}",
                "\u{628}\u{64A}\u{200C}\u{628}\u{64A}", "ßς་〇".replacing("་", with: "\u{F0B}"), "a.b", "a\u{3002}b",
                "a\u{FF0E}b", "a\u{FF61}b",
                "xn--ihqwcrb4cv8a8dqg056pqjye", "אב", "אב1", "אב1.com", "\u{628}\u{662}", "א\u{5B8}", "a1.אב",
                "\u{628}\u{6F2}.a",
            ],
            [
                "בa", "aב", "9ב", "\u{661}\u{662}", "\u{628}\u{661}2", "1a.ב", "xn--4dbcdef.1a",
                "\u{302E}호수", "호\u{302E}수.물", "<5 €>", "xn--X", "-lake", "lake-", "\u{903}lake",
                "\u{300}lake", "\u{488}lake",
                "\u{640}\u{7FA}", "\u{3031}\u{3035}\u{302F}\u{303B}", "a·l", "·l", "l·", "l·a", "α͵S", "α͵", "A׳ב",
                "׳ב", "A״ב", "xy・z", "・",
                "\u{628}\u{660}\u{6F0}", "\u{915}\u{200D}\u{937}", "\u{200D}\u{937}", "", ".", "\u{3002}", "a..b",
                ".example", "example.",
                "\u{3002}example", "example\u{FF0E}", String(repeating: "실", count: 64),
            ])
    }

    @Test func addresses() {
        Self.check(
            .ipv4, ["192.168.0.1", "0.0.0.0", "255.255.255.255"],
            [
                "127.0.0.0.1", "256.256.256.256", "127.0", "0x7f000001", "2130706433", "087.10.0.1", "87.10.0.1/8",
                "1২7.0.0.1", "1.2.3.", "", " 1.2.3.4",
            ])
        Self.check(
            .ipv6,
            [
                "::1", "::", "::abef", "1::", "d6::", "::42:ff:1", "1:d6::42", "1::d6:192.168.0.1", "1:2::192.168.0.1",
                "::ffff:192.168.0.1", "1:2:3:4:5:6:7:8", "100:100:100:100:100:100:255.255.255.255", "1:2:3:4:5:6:7::",
            ],
            [
                "12345::", "1:1:1:1:1:1:1:1:1:1", "::laptop", ":2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", ":2:3:4::8",
                "1::d6::42", "1::2:192.168.256.1", "1::2:192.168.ff.1",
                "::ffff:192.168.0.1:1".replacing(":1", with: ":g"), "1:2:3:4:5:::8", "1:2:3:4:5:6:7", "1", "127.0.0.1",
                "1:2:3:4:1.2.3", "fe80::a%eth1",
                "  ::1", "::1  ", "fe80::/64", "1:2:3:4:5:6:7:৪", "1:2::1৪2.168.0.1", "1:2:3:4:5:6:7:1.2.3.4", ":::",
                "1:2:3:4::5:6:7:8",
            ])
    }

    @Test func uris() {
        Self.check(
            .uri,
            [
                "http://lake.example/?depth=12#shore", "http://lake.example/map_(north)#a-1",
                "http://lake.example/?q=cold%20water", "http://xn--bcher-kva.example/",
                "http://a-.~_!$&'()*+,;=:%40@lake.example", "http://192.0.2.17",
                "ftp://files.example/notes.txt", "http://lake.example/a.txt",
                "ldap://[2001:db8::5]/o=x?a?b", "mailto:ada@lake.example",
                "news:misc.lakes", "tel:+49-30-5550100",
                "urn:example:lakes:7", "http://[v1.a:b]/", "http://[::1]:8080/", "a:",
            ],
            [
                "//lake.example/?depth=12#shore", "/abc", "\\\\RECHNER\\ablage", "abc", "http:// lake.example",
                ":// no", "north,south:lake", "https://[@lake.example/a",
                "https://lake.example/x\\.txt", "https://lake.example/x<>.txt",
                "https://lake.example/x{}.txt", "https://lake.example/x^.txt",
                "https://lake.example/x`.txt",
                "https://lake.example/x y", "https://lake.example/x|.txt", "http://a/%zz", "http://é.com/",
                "http://a:b/", "http://[::1]x/", "", "1http://a",
            ])
        Self.check(
            .uriReference,
            ["http://lake.example/?d", "//lake.example/?depth=12#shore", "/abc", "abc", "#shore", "", "?q", "a/b:c"],
            ["\\\\RECHNER\\ablage", "#a\\b", "1a:b", "a b", "/lake®", "\"quotes\"", "##"])
        Self.check(
            .iri,
            [
                "http://größe.bücher/?ñ=çã#ü", "http://straße.org/maß_(größe)#süß",
                "http://[2001:0db8:85a3:0000:0000:8a2e:0370:7334]",
            ],
            [
                "http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "/abc", "\\\\RECHNER\\größe", "größe", ":// größe",
                "http://\u{E000}.a/",
            ])
        Self.check(
            .iriReference, ["//größe.bücher/?ñ=çã#ü", "/größe", "größe", "#süß", "?\u{E000}"],
            ["\\\\RECHNER\\größe", "#sü\\ß"])
    }

    @Test func identifiers() {
        Self.check(
            .uuid,
            [
                "7C0E6B1A-52D4-4F0B-9E3D-0A6B3C2D1E4F", "7c0e6b1a-52D4-4f0b-9E3d-0A6B3C2D1E4F",
                "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            ],
            [
                "7c0e6b1a-52d4-4f0b-9e3d-0a6b3c2d1e4", "7c0e6b1a-52d4-4f0b-0a6b3c2d1e4f",
                "7c0e6b1a-52d4-4f0b-9e3g-0a6b3c2d1e4f", "7c0e6b1a52d44f0b9e3d0a6b3c2d1e4f",
                "7c0e6b1a52d4-4f0b-9e3d0a6b3c2d1e4f", "",
            ])
        Self.check(
            .uriTemplate,
            [
                "http://lake.example/fish/{name:2}/{name}", "fish/{name:2}/{name}",
                "http://lake.example/fish", "{+path}{#f*}{?a,b.c}{&x%20}", "", "é",
            ],
            [
                "http://lake.example/fish/{term:1}/{term", "{}", "{a b}", "a b", "{a:0}", "{a:10000}", "}", "%zz",
                "{a..b}", "<a>",
            ])
        Self.check(
            .jsonPointer, ["", "/", "/foo/bar~0/baz~1/%a", "/foo//bar", "/foo/bar/", "/a~1b", "/ ", "/m~0n", "/foo/-"],
            ["/foo/bar~", "/~0~", "#", "#/", "#a", "/~2", "/~-1", "a", "0", "a/a"])
        Self.check(
            .relativeJSONPointer, ["1", "0/foo/bar", "2/0/baz/1/zip", "0#", "120/foo/bar", "0+1/x", "1-2#"],
            ["/foo/bar", "-1/foo/bar", "+1/foo/bar", "0##", "01/a", "01#", "", "multi-digit", "0+0", "1+", "0a"])
        Self.check(.regex, ["([abc])+\\s+$", "(?=a)", "a{2,3}"], ["^(abc]", "\\a"])
    }

    @Test(
        "Punycode, there and back",
        arguments: [
            ("bücher", "bcher-kva"), ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"), ("ü", "tda"), ("ü-a-", "-a--goa"),
        ])
    func punycode(text: String, encoded: String) {
        #expect(Punycode.encoded(Array(text.unicodeScalars)) == encoded)
        #expect(Punycode.decoded(Array(encoded.unicodeScalars)[...]) == Array(text.unicodeScalars))
    }

    @Test("Punycode that runs over is refused", arguments: ["99999999999999", "a-", "", "é"])
    func overflow(text: String) { #expect(Punycode.decoded(Array(text.unicodeScalars)[...]) == nil) }
}
