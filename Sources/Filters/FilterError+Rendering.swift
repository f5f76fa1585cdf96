extension FilterError {
    /// For a terminal: the filter, and below it a mark and the message for each problem; each line ends with a newline.
    public func rendered(in filter: String) -> String {
        // What would break the line or move the cursor is shown as one character, so that the marks stand right.
        let visible = filter.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        var text = "  \(String(String.UnicodeScalarView(visible)))\n"
        for problem in problems {
            let start = min(problem.offset, visible.count)
            let length = max(1, min(problem.length, visible.count - start))
            let indent = String(repeating: " ", count: start)
            let mark = "^" + String(repeating: "~", count: length - 1)
            text += "  \(indent)\(mark) \(problem.message)\(problem.hint.map { "; \($0)" } ?? "")\n"
        }
        return text
    }
}
