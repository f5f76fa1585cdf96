private import CLinux
import Glibc

extension ProcessCommand {
    /// Starts the program as the leader of a session of its own, with default signal handling and no other descriptor
    /// than the three standard ones; answers its process id.
    func spawn(output: Int32, error: Int32) throws(SystemError) -> Int32 {
        let program = try resolved()
        let input = try FileHandle.reading(self.input)
        let inputEnd = input.descriptor
        var process: Int32 = 0
        let code = unsafe Self.withCStrings(arguments) { arguments in
            unsafe Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                unsafe clinux_spawn(
                    &process, program, arguments, environment, workingDirectory, inputEnd, output, error)
            }
        }
        guard code == 0 else { throw SystemError(call: "start \(program) in \(workingDirectory)", code: code) }
        return process
    }

    /// The program's path, looked up as execvp(3) would.
    func resolved() throws(SystemError) -> String {
        guard let name = arguments.first, !name.isEmpty else {
            throw SystemError(call: "start a program without a name", code: ENOENT)
        }
        if name.contains("/") { return name }
        for directory in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
            let path = "\(directory)/\(name)"
            if unsafe access(path, X_OK) == 0 { return path }
        }
        throw SystemError(call: "find \(name) in PATH", code: ENOENT)
    }

    /// Lends a NULL-terminated array of C strings.
    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers = unsafe strings.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer {
            for index in unsafe pointers.indices { unsafe free(pointers[index]) }
        }
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in unsafe body(buffer.baseAddress!) }
    }
}
