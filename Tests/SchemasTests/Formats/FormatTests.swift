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
                "1963-06-19T08:30:06.283185Z", "1963-06-19T08:30:06Z", "1937-01-01T12:00:27.87+00:20",
                "1998-12-31T23:59:60Z",
                "1998-12-31T15:59:60.123-08:00", "1963-06-19t08:30:06.283185z", "2020-02-29T00:00:00Z",
                "0000-01-01T00:00:00Z",
            ],
            [
                "1998-12-31T23:59:61Z", "1998-12-31T23:58:60Z", "1990-02-31T15:59:59Z", "1990-12-31T15:59:59-24:00",
                "1963-06-19T08:30:06.28123+01:00Z", "06/19/1963 08:30:06 PST", "2013-350T01:01:01",
                "1963-6-19T08:30:06Z",
                "1963-06-19T08:30:06", "1963-06-1৪T00:00:00Z", "1963-06-19 08:30:06Z", "1963-06-19T08:30:06.Z", "",
                "2021-02-29T00:00:00Z",
            ])
    }

    @Test func date() {
        Self.check(
            .date, ["1963-06-19", "2020-12-31", "2000-02-29"],
            [
                "2020-01-32", "2100-02-29", "1998-1-20", "1998-01-1", "1998-13-01", "1998-04-31", "1998-00-01",
                "1963-06-1৪", "20230328", "1963-06-19T",
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
            .duration, ["P4DT12H30M5S", "P4Y", "PT0S", "P0D", "P1M", "PT1M", "PT36H", "P1DT12H", "P2W", "P1Y2M3D"],
            [
                "4DT12H30M5S", "P", "P1YT", "PT", "P2D1Y", "P1D2H", "P2S", "P1Y2W", "P1", "P২Y", "", "PT1D", "P1Y2D",
                "PT1H2S", "P-1D", "P1.5D", "P1WT1H",
            ])
    }

    @Test func email() {
        Self.check(
            .email,
            [
                "joe.bloggs@example.com", "te~st@example.com", "~test@example.com", "\"joe bloggs\"@example.com",
                "\"joe..bloggs\"@example.com",
                "\"joe@bloggs\"@example.com", "joe.bloggs@[127.0.0.1]", "joe.bloggs@[IPv6:::1]", "te.s.t@example.com",
                "a@localhost", #""a\"b"@c.d"#,
            ],
            [
                "2962", ".test@example.com", "test.@example.com", "te..st@example.com", "joe.bloggs@invalid=domain.com",
                "joe.bloggs@[127.0.0.300]",
                "@a.b", "a@", "a b@c.d", "\"a\"b\"@c.d", "é@example.com", "a@b@c.d", "joe@[IPv6:xyz]",
            ])
        Self.check(.idnEmail, ["실례@실례.테스트", "joe.bloggs@example.com", "é@example.com"], ["2962", "@x", "a b@c.d"])
    }

    @Test func hostname() {
        let long = String(repeating: "a", count: 63)
        Self.check(
            .hostname,
            [
                "www.example.com", "hostname", "h0stn4me", "1host", "host-name", "a", "\(long).com",
                "xn--4gbwdl.xn--wgbh1c",
                "\([long, long, long, String(repeating: "b", count: 61)].joined(separator: "."))",
            ],
            [
                "-a-host-name-that-starts-with--", "not_a_valid_host_name", "hostname-", "", ".", "a..b", ".example",
                "example.", "\(long)a.com",
                "xn--X", "a-.b", "héllo", "XN--aa---o47jg78q",
                "\([long, long, long, String(repeating: "b", count: 62)].joined(separator: "."))",
            ])
    }

    @Test func idnHostname() {
        Self.check(
            .idnHostname,
            [
                "실례.테스트", "hostname", "l·l", "α͵β", "א׳ב", "א״ב", "・ぁ", "・丈", "・ァ",
                "ب٠ب".replacing("ب٠ب", with: "\u{628}\u{660}\u{628}"),
                "\u{6F0}0", "\u{915}\u{94D}\u{200D}\u{937}", "\u{915}\u{94D}\u{200C}\u{937}",
                "\u{628}\u{64A}\u{200C}\u{628}\u{64A}", "ßς་〇".replacing("་", with: "\u{F0B}"), "a.b", "a\u{3002}b",
                "a\u{FF0E}b", "a\u{FF61}b",
                "xn--ihqwcrb4cv8a8dqg056pqjye",
            ],
            [
                "\u{302E}실례", "실\u{302E}례.테스트", "-> $1.00 <--", "xn--X", "-hello", "hello-", "\u{903}hello",
                "\u{300}hello", "\u{488}hello",
                "\u{640}\u{7FA}", "\u{3031}\u{3035}\u{302F}\u{303B}", "a·l", "·l", "l·", "l·a", "α͵S", "α͵", "A׳ב",
                "׳ב", "A״ב", "def・abc", "・",
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
                "http://foo.bar/?baz=qux#quux", "http://foo.com/blah_(wikipedia)_blah#cite-1",
                "http://foo.bar/?q=Test%20URL-encoded%20stuff", "http://xn--nw2a.xn--j6w193g/",
                "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://223.255.255.254",
                "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
                "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
                "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
                "urn:oasis:names:specification:docbook:dtd:xml:4.1.2", "http://[v1.a:b]/", "http://[::1]:8080/", "a:",
            ],
            [
                "//foo.bar/?baz=qux#quux", "/abc", "\\\\WINDOWS\\fileshare", "abc", "http:// shouldfail.com",
                ":// should fail", "bar,baz:foo", "https://[@example.org/test.txt",
                "https://example.org/foobar\\.txt", "https://example.org/foobar<>.txt",
                "https://example.org/foobar{}.txt", "https://example.org/foobar^.txt",
                "https://example.org/foobar`.txt",
                "https://example.org/foo bar.txt", "https://example.org/foobar|.txt", "http://a/%zz", "http://é.com/",
                "http://a:b/", "http://[::1]x/", "", "1http://a",
            ])
        Self.check(
            .uriReference,
            ["http://foo.bar/?baz", "//foo.bar/?baz=qux#quux", "/abc", "abc", "#fragment", "", "?q", "a/b:c"],
            ["\\\\WINDOWS\\fileshare", "#frag\\ment", "1a:b", "a b", "/foobar®.txt", "\"quotes\"", "##"])
        Self.check(
            .iri,
            [
                "http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://ƒøø.com/blah_(wîkïpédiå)_blah#ßité-1",
                "http://[2001:0db8:85a3:0000:0000:8a2e:0370:7334]",
            ],
            [
                "http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "/abc", "\\\\WINDOWS\\filëßåré", "âππ", ":// ƒåîl",
                "http://\u{E000}.a/",
            ])
        Self.check(
            .iriReference, ["//ƒøø.ßår/?∂éœ=πîx#πîüx", "/âππ", "âππ", "#ƒrägmênt", "?\u{E000}"],
            ["\\\\WINDOWS\\filëßåré", "#ƒräg\\mênt"])
    }

    @Test func identifiers() {
        Self.check(
            .uuid,
            [
                "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "2eb8aa08-AA98-11ea-B4Aa-73B441D16380",
                "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            ],
            [
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08-aa98-11ea-73b441d16380",
                "2eb8aa08-aa98-11ea-b4ga-73b441d16380", "2eb8aa08aa9811eab4aa73b441d16380",
                "2eb8aa08aa98-11ea-b4aa73b441d16380", "",
            ])
        Self.check(
            .uriTemplate,
            [
                "http://example.com/dictionary/{term:1}/{term}", "dictionary/{term:1}/{term}",
                "http://example.com/dictionary", "{+path}{#f*}{?a,b.c}{&x%20}", "", "é",
            ],
            [
                "http://example.com/dictionary/{term:1}/{term", "{}", "{a b}", "a b", "{a:0}", "{a:10000}", "}", "%zz",
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
            ("bücher", "bcher-kva"), ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"), ("ü", "tda"), ("ü-a-", "-a--eha"),
        ])
    func punycode(text: String, encoded: String) {
        #expect(Punycode.encoded(Array(text.unicodeScalars)) == encoded)
        #expect(Punycode.decoded(Array(encoded.unicodeScalars)[...]) == Array(text.unicodeScalars))
    }

    @Test("Punycode that runs over is refused", arguments: ["99999999999999", "a-", "", "é"])
    func overflow(text: String) { #expect(Punycode.decoded(Array(text.unicodeScalars)[...]) == nil) }
}
