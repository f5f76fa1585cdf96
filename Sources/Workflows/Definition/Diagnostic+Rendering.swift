extension DefinitionError {
    /// Problems beyond this number are counted, not listed.
    static let mostListed = 100

    init(_ found: [Diagnostic], source: SourceText) {
        diagnostics = found.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        var text = ""
        for diagnostic in diagnostics.prefix(Self.mostListed) { text += diagnostic.rendered(with: source) }
        let count = diagnostics.count
        if count > Self.mostListed { text += "… and \(count - Self.mostListed) more\n" }
        listed = text
    }

    /// The problems of several files, in the order given.
    init(merging errors: [DefinitionError]) {
        diagnostics = errors.flatMap(\.diagnostics)
        listed = errors.map(\.listed).joined()
    }
}

extension Diagnostic {
    /// A line longer than this is cut to what stands around the place.
    private static let widest = 160

    /// The problem, its line, and a mark below the place; each line ends with a newline.
    func rendered(with source: SourceText) -> String {
        var text = "\(path):\(line):\(column): error: \(message)\n"
        guard let shown = source.line(line) else { return text + (hint.map { "  \($0)\n" } ?? "") }
        var scalars = Array(shown)
        var start = min(column - 1, scalars.count)
        if scalars.count > Self.widest {
            let cut = max(0, min(start - Self.widest / 2, scalars.count - Self.widest))
            scalars = Array(scalars[cut..<min(cut + Self.widest, scalars.count)])
            start -= cut
            if cut > 0 { scalars[0] = "…" }
        }
        let number = "  \(line)"
        // A tab is wide in the line above, so it is one below too; control characters would move the cursor.
        let visible = scalars.map { $0 == "\t" || !$0.properties.isControl ? $0 : "\u{FFFD}" }
        let indent = visible.prefix(start).map { $0 == "\t" ? "\t" : " " as UnicodeScalar }
        let squiggle = "^" + String(repeating: "~", count: max(0, min(length, scalars.count - start) - 1))
        text += "\(number) | \(String(String.UnicodeScalarView(visible)))\n"
        text += "\(String(repeating: " ", count: number.utf8.count)) | "
        text += "\(String(String.UnicodeScalarView(indent)))\(squiggle)\(hint.map { " \($0)" } ?? "")\n"
        return text
    }
}

extension UnicodeScalar.Properties {
    fileprivate var isControl: Bool { generalCategory == .control }
}
