import ArgumentParser
import Glibc
import Logging

/// `beamline dev`: everything on one machine.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Run everything on this machine: PostgreSQL, server, worker, examples.",
        discussion: "Data stays in .beamline/ between starts. `make run` builds first and then calls this.")

    @Option(help: "Port of the server, on the loopback address.")
    var port: Int = 8080

    @Option(help: "Folder that keeps the data.", completion: .directory)
    var data: String = ".beamline"

    @Flag(help: "Run the example, then leave with its status.")
    var demo = false

    @Flag(inversion: .prefixedNo, help: "Apply the examples and run the first.")
    var examples = true

    @Flag(help: "Delete the data folder and its PostgreSQL, then leave.")
    var reset = false

    @OptionGroup var logging: LoggingOptions

    func validate() throws {
        guard (0...65_535).contains(port) else {
            throw ValidationError("--port is 0 to 65535; 0 lets the system choose.")
        }
    }

    func run() async throws {
        // What people read is on standard output; the log says only what is wrong.
        logging.bootstrap(default: .warning)
        let folder = try DevFolder(data)
        if reset { return try await folder.reset() }
        let status = try await DevSession(folder: folder, port: port, demo: demo, examples: examples).run()
        if status != .succeeded { throw CommandFailure(status, "") }
    }
}
