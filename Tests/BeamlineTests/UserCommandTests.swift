import ArgumentParser
import JSON
import Testing

@testable import beamline

@Suite("beamline user")
struct UserCommandTests {
    @Test("a subject is one segment of the path, whatever is in it")
    func path() throws {
        let parsed = try UserCommand.Subject.parse(["company:ada/é ?"])
        #expect(parsed.path == "/v1/users/company%3Aada%2F%C3%A9%20%3F")
    }

    @Test("what is shown of a user")
    func shown() throws {
        let answer = try JSONValue(
            parsing: """
                {"user":{"subject":"ada","roles":["viewer","ops"],"signed_in_at":"T","suspended_at":"S","suspended_by":"eve"},
                "grants":[{"role":"operator","kind":"workflow","name":"deploy"}],
                "sessions":[{"id":"ses_1","created_at":"A","expires_at":"B"}]}
                """)
        let text = UserCommand.text(of: answer)
        for part in ["viewer ops", "S by eve", "workflow deploy", "ses_1"] {
            #expect(text.contains(part), "\(text)")
        }
        let bare = UserCommand.text(of: ["user": ["subject": "bob", "roles": []], "grants": [], "sessions": []])
        #expect(bare.contains("never") && !bare.contains("grant"))
    }
}
