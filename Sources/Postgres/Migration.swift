/// One step of the schema: `NNNN_name.up.sql`, and `NNNN_name.down.sql` which undoes it.
public struct Migration: Sendable, Equatable {
    public var number: Int
    public var name: String
    public var up: String
    /// nil where the step cannot be undone.
    public var down: String?

    public init(number: Int, name: String, up: String, down: String?) {
        self.number = number
        self.name = name
        self.up = up
        self.down = down
    }

    /// The name of its file without the ending, `0007_add_limits`.
    public var title: String { Self.title(number: number, name: name) }

    static func title(number: Int, name: String) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(4 - digits.count, 0)) + digits + "_" + name
    }

    /// Reads the migrations of a folder, in order.
    public static func load(from folder: String) throws(MigrationError) -> [Migration] {
        guard let names = Files.names(in: folder) else { throw .unreadable(folder) }
        var files: [(name: String, text: String)] = []
        for name in names where name.hasSuffix(".sql") {
            guard let bytes = Files.readBytes("\(folder)/\(name)"), let text = String(validating: bytes, as: UTF8.self)
            else { throw .unreadable("\(folder)/\(name)") }
            files.append((name, text))
        }
        return try parse(files)
    }

    /// Makes migrations of files that were read elsewhere, by their names and texts.
    public static func parse(_ files: [(name: String, text: String)]) throws(MigrationError) -> [Migration] {
        var ups: [Int: (name: String, text: String)] = [:]
        var downs: [Int: (name: String, text: String)] = [:]
        for file in files {
            guard let (number, name, isUp) = parts(of: file.name) else { throw .misnamed(file.name) }
            let present = isUp ? ups[number] : downs[number]
            if let present { throw .duplicate(title(number: number, name: present.name), file.name) }
            if isUp { ups[number] = (name, file.text) } else { downs[number] = (name, file.text) }
        }
        for (number, down) in downs where ups[number]?.name != down.name {
            throw .orphan(title(number: number, name: down.name) + ".down.sql")
        }
        return ups.sorted { $0.key < $1.key }.map { number, up in
            Migration(number: number, name: up.name, up: up.text, down: downs[number]?.text)
        }
    }

    /// `0007_add_limits.up.sql` → 7, `add_limits`, true.
    private static func parts(of file: String) -> (number: Int, name: String, isUp: Bool)? {
        let dots = file.split(separator: ".", omittingEmptySubsequences: false)
        guard dots.count == 3, dots[2] == "sql", dots[1] == "up" || dots[1] == "down" else { return nil }
        let digits = dots[0].prefix { $0.isASCII && $0.isNumber }
        let name = dots[0].dropFirst(digits.count)
        guard digits.count >= 4, let number = Int(digits), number > 0, name.first == "_", name.count > 1 else {
            return nil
        }
        return (number, String(name.dropFirst()), dots[1] == "up")
    }
}
