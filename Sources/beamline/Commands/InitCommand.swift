import ArgumentParser

/// `beamline init hello.yaml`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a small workflow to start from.")

    @Argument(help: "The file to write.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Flag(help: "Overwrite the file if it is there.")
    var force = false

    func run() throws {
        do {
            try FileContents.write(Array(Self.template.utf8), to: file, mode: 0o644, replacing: force)
        } catch {
            let remedy = error.number == 17 ? "; --force overwrites it" : ""
            throw CommandFailure(.invalid, "error: \(error)\(remedy)")
        }
        print("Wrote \(file). Next:\n  ./beamline run start \(file) -i name=Ada --watch")
    }

    static let template = """
        # A greeting in two steps. Edit it, then: ./beamline run start hello.yaml -i name=Ada --watch
        name: hello
        inputs:
          type: object
          required: [name]
          properties:
            name: { type: string }
        steps:
          - id: greet
            uses: shell
            with:
              command: [sh, -c, 'printf "{\\"text\\": \\"Hello, %s\\"}" "$1" > "$BEAMLINE_OUTPUT"', greet, "${{ inputs.name }}"]
          - id: shout
            needs: [greet]
            uses: python
            with:
              input: { text: "${{ steps.greet.output.text }}" }
              code: |
                def main(input):
                    print("shouting", input["text"])
                    return {"text": input["text"].upper() + "!"}
        output: ${{ steps.shout.output }}

        """
}
