import Testing

@testable import Secrets

@Suite("Master keys")
struct NamedKeysTests {
    private let digits = String(repeating: "0A", count: 32)

    @Test("the first line seals, all of them open; comments and commas")
    func lines() throws {
        let keys = try NamedKeys(text: "# made today\n\n m2:\(digits) \r\nm1:\(digits.lowercased()),m0:\(digits)\n")
        #expect(keys.currentID == "m2")
        #expect(keys["m1"]?.bytes == [UInt8](repeating: 10, count: 32))
        #expect(keys["m0"] != nil && keys["m3"] == nil)
    }

    @Test("a new line is one that can be read, and no other is like it")
    func made() throws {
        var generator = SystemRandomNumberGenerator()
        let (first, second) = (
            NamedKeys.line(name: "a", using: &generator), NamedKeys.line(name: "b", using: &generator)
        )
        let keys = try NamedKeys(text: "\(first)\n\(second)")
        #expect(keys["a"]?.bytes != keys["b"]?.bytes)
    }

    @Test("what is no key file, without repeating what it has")
    func refused() {
        for text in [
            "", "# nothing", "m1", "m1:", "m1:\(digits)0", "m1:\(digits.dropLast(2))", "m1:\(digits.dropLast())g",
            "m 1:\(digits)", ":\(digits)", "m1:\(digits):x", "m1:\(digits)\nm1:\(digits)",
        ] {
            do {
                _ = try NamedKeys(text: text)
                Issue.record("taken: \(text)")
            } catch {
                #expect(error.reason == .invalid && !error.description.contains("0A0A"))
            }
        }
    }

    @Test("names that are paths which stay where they are, and others")
    func names() {
        for name in ["a", "ci/token", "A_1.b-c", "_x", String(repeating: "n", count: 200)] {
            #expect(SecretName.isValid(name), "\(name)")
        }
        for name in [
            "", "/", "a/", "/a", "a//b", ".", "..", "a/../b", ".a", "-a", "a b", "ä", "a\0",
            String(repeating: "n", count: 201),
        ] {
            #expect(!SecretName.isValid(name), "\(name)")
        }
    }
}
