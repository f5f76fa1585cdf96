import HTTP
import JSON
import Testing
import Workflows

@testable import beamline

@Suite("Command line")
struct CommandLineTests {
    @Test func inputsAreJSONWhereTheyCanBe() throws {
        let inputs = try RunInputs.object(["name=Ada", "count=3", "list=[1,2]", "empty=", "path=a=b"], file: nil)
        #expect(
            inputs == ["name": "Ada", "count": 3, "list": [1, 2], "empty": "", "path": "a=b"])
    }

    @Test func theLastOfTwoInputsCounts() throws {
        #expect(try RunInputs.object(["a=1", "a=2"], file: nil) == ["a": 2])
    }

    @Test(arguments: ["name", "=x", ""]) func anInputWithoutANameIsRefused(pair: String) {
        let failure = #expect(throws: CommandFailure.self) { try RunInputs.object([pair], file: nil) }
        #expect(failure?.status == .invalid)
    }

    @Test(arguments: [
        ("succeeded", beamline.ExitStatus.succeeded), ("failed", .failed), ("cancelled", .cancelled),
        ("timed_out", .timedOut),
    ]) func theExitStatusIsTheRuns(state: String, status: beamline.ExitStatus) {
        #expect(beamline.ExitStatus(runState: state) == status)
    }

    @Test func addressesAreReadStrictly() throws {
        #expect(try ListenAddress.parse("127.0.0.1:8080").description == "127.0.0.1:8080")
        #expect(try ListenAddress.parse(":80").description == "0.0.0.0:80")
        #expect(try ListenAddress.parse("[::1]:9").description == "[::1]:9")
        #expect(try ListenAddress.parse("unix:/run/b").description == "unix:/run/b")
        for text in ["8080", "host:", "host:99999", "host:x"] {
            #expect(throws: CommandFailure.self) { try ListenAddress.parse(text) }
        }
    }

    @Test(arguments: [("90m", 5400), ("12h", 43_200), ("2d", 172_800), ("30s", 30)])
    func lifetimes(text: String, seconds: Int) {
        #expect(Lifetime.seconds(text) == Int64(seconds))
    }

    @Test(arguments: ["", "12", "h", "-1h", "1.5h", "99999h", "1w"]) func badLifetimesAreRefused(text: String) {
        #expect(Lifetime.seconds(text) == nil)
    }

    @Test func theTemplateIsAValidWorkflow() throws {
        let workflow = try Workflow(parsing: Array(InitCommand.template.utf8), file: "hello.yaml")
        #expect(workflow.definition.name == "hello")
        #expect(workflow.plan.steps.map(\.id) == ["greet", "shout"])
    }

    @Test func tablesAreAligned() {
        var table = Table("name", "state")
        table.add("a", "x")
        table.add("longer", "y")
        #expect(table.text == "NAME    STATE\na       x\nlonger  y")
    }

    @Test func whatAURLCannotHoldIsEscaped() {
        #expect(percentEncoded("team/etl å") == "team%2Fetl%20%C3%A5")
    }
}
