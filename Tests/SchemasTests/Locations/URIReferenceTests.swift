import Testing

@testable import Schemas

@Suite("URI references")
struct URIReferenceTests {
    /// RFC 3986, sections 5.4.1 and 5.4.2.
    @Test(
        "resolution by the examples of RFC 3986",
        arguments: [
            ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"), ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"), ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"), ("g;x?y#s", "http://a/b/c/g;x?y#s"), ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"),
            ("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/../x", "http://a/b/c/g#s/../x"),
        ])
    func resolution(reference: String, target: String) {
        #expect(URIReference(reference).resolved(against: URIReference("http://a/b/c/d;p?q")).text == target)
    }

    @Test("bases without a path, and such that are no hierarchy")
    func otherBases() {
        #expect(URIReference("x").resolved(against: URIReference("http://a")).text == "http://a/x")
        #expect(URIReference("#x").resolved(against: URIReference("urn:a:b?q")).text == "urn:a:b?q#x")
        #expect(
            URIReference("folder/").resolved(against: URIReference("schema:///schema.json")).text == "schema:///folder/"
        )
    }

    @Test("every part, and back to text")
    func parts() {
        let uri = URIReference("http://user@h:8/p/q?a?b#f#g")
        #expect(uri.scheme == "http")
        #expect(uri.authority == "user@h:8")
        #expect(uri.path == "/p/q")
        #expect(uri.query == "a?b")
        #expect(uri.fragment == "f#g")
        #expect(uri.text == "http://user@h:8/p/q?a?b#f#g")
        #expect(URIReference("1a:b").scheme == nil)
        #expect(URIReference("a/b:c").scheme == nil)
    }

    @Test("percent escapes")
    func escapes() {
        #expect(URIReference.decoded("a%25b%C3%A9") == "a%bé")
        #expect(URIReference.decoded("%") == nil)
        #expect(URIReference.decoded("%g0") == nil)
        #expect(URIReference.decoded("%FF") == nil)
    }

    @Test("JSON pointers")
    func pointers() throws {
        let document = try ExactJSON(parsing: #"{"a":[{"b/c":1,"~":2,"":3}],"01":4}"#)
        func value(_ pointer: String) -> ExactJSON? { JSONPointer.tokens(pointer).flatMap { document.value(at: $0) } }
        #expect(value("") == document)
        #expect(value("/a/0/b~1c") == .number(ExactNumber(1)))
        #expect(value("/a/0/~0") == .number(ExactNumber(2)))
        #expect(value("/a/0/") == .number(ExactNumber(3)))
        #expect(value("/01") == .number(ExactNumber(4)))
        for missing in ["/a/00", "/a/1", "/a/-", "/b", "/a/0/~", "/a/0/~2", "a", "/a/0/b~1c/d"] {
            #expect(value(missing) == nil, "\(missing)")
        }
        #expect(JSONPointer.tokens(JSONPointer.appending("a/b~c~1", to: "/x")) == ["x", "a/b~c~1"])
    }
}
