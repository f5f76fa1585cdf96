import Access
import Testing

@Suite("SHA-256")
struct DigestTests {
    @Test("the examples of FIPS 180")
    func examples() {
        func text(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        #expect(
            text(Digest(of: Array("abc".utf8)).bytes)
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            text(Digest(of: []).bytes) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
