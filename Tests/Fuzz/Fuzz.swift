import Foundation

/// Feeds mutated bytes to everything that reads bytes from outside. libFuzzer drives it: `make fuzz`.
///
///     beamline-fuzz TARGET CORPUS-FOLDER [options of libFuzzer]
@main
enum Fuzz {
    /// The one of this process.
    nonisolated(unsafe) fileprivate static var target: FuzzTarget = .json

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let chosen = FuzzTarget(rawValue: arguments[1]) else {
            print("usage: beamline-fuzz TARGET CORPUS-FOLDER [options of libFuzzer]")
            print("targets: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
            exit(2)
        }
        unsafe target = chosen
        sow(chosen, in: arguments[2])
        var list: [UnsafeMutablePointer<CChar>?] = unsafe []
        for argument in [arguments[0]] + arguments.dropFirst(2) { unsafe list.append(strdup(argument)) }
        unsafe list.append(nil)
        var count = CInt(unsafe list.count - 1)
        let status = unsafe list.withUnsafeMutableBufferPointer { buffer in
            var place = buffer.baseAddress
            return unsafe runFuzzer(&count, &place, readOneInput)
        }
        exit(status)
    }

    /// An empty corpus begins with the target's own examples.
    private static func sow(_ target: FuzzTarget, in folder: String) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            guard try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty else { return }
            for (number, example) in target.examples.enumerated() {
                try Data(example).write(to: URL(fileURLWithPath: "\(folder)/example-\(number)"))
            }
        } catch {
            print("cannot write examples to \(folder): \(error)")
            exit(2)
        }
    }
}

/// One input of libFuzzer. The archive's own `main`, which ours takes the place of, names it too.
@_cdecl("LLVMFuzzerTestOneInput")
func readOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe Fuzz.target.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// libFuzzer's own loop (FuzzerInterface.h).
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ read: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
