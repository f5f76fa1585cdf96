extension ECMANode {
    /// The same expression in the syntax of RE2; `nil` where RE2 has none: look-around, references to groups, some
    /// properties.
    ///
    /// What differs is written out: `\s` and `.` by their code points, `$` as the very end, groups without captures.
    func writtenForRE2() -> String? {
        var text = ""
        return write(to: &text) ? text : nil
    }

    private func write(to text: inout String) -> Bool {
        switch self {
        case .scalar(let scalar): text += Self.literal(scalar)
        case .any: text += "[^\\n\\r\\x{2028}\\x{2029}]"
        case .set(let set):
            guard let written = set.writtenForRE2() else { return false }
            text += written
        case .start: text += "\\A"
        case .end: text += "\\z"
        case .boundary(let isNegated): text += isNegated ? "\\B" : "\\b"
        case .sequence(let nodes): return nodes.allSatisfy { $0.write(to: &text) }
        case .choice(let nodes):
            text += "(?:"
            for (index, node) in nodes.enumerated() {
                if index > 0 { text += "|" }
                guard node.write(to: &text) else { return false }
            }
            text += ")"
        case .capture(let node, _):
            text += "(?:"
            guard node.write(to: &text) else { return false }
            text += ")"
        case .look, .reference: return false
        case .repetition(let repetition):
            // A group keeps RE2 from taking a row of quantifiers for one.
            text += "(?:"
            guard repetition.body.write(to: &text) else { return false }
            text += ")\(repetition.quantifier)"
        }
        return true
    }

    private static func literal(_ scalar: Unicode.Scalar) -> String {
        scalar.isASCIILetter || scalar.isASCIIDigit || !scalar.isASCII
            ? String(Character(scalar)) : scalar.writtenForRE2
    }
}

extension ECMANode.Repetition {
    fileprivate var quantifier: String {
        let bounds =
            switch (least, most) {
            case (0, nil): "*"
            case (1, nil): "+"
            case (0, 1): "?"
            case (let least, let most): "{\(least),\(most.map { String($0) } ?? "")}"
            }
        return bounds + (isLazy ? "?" : "")
    }
}

extension ECMASet {
    fileprivate func writtenForRE2() -> String? {
        var content = ""
        for item in items {
            switch item {
            case .range(let low, let high) where low == high: content += low.writtenForRE2
            case .range(let low, let high): content += "\(low.writtenForRE2)-\(high.writtenForRE2)"
            case .digit(let isNegated): content += isNegated ? CodePointRanges.notDigit : "0-9"
            case .word(let isNegated): content += isNegated ? CodePointRanges.notWord : "0-9A-Za-z_"
            case .space(let isNegated): content += isNegated ? CodePointRanges.notSpace : CodePointRanges.space
            case .property(let property, let isNegated):
                guard let set = isNegated ? property.complement : property.set else { return nil }
                content += set
            }
        }
        if content.isEmpty { return isNegated ? CodePointRanges.anything : CodePointRanges.nothing }
        return "[\(isNegated ? "^" : "")\(content)]"
    }
}

extension Unicode.Scalar {
    fileprivate var writtenForRE2: String { "\\x{\(String(value, radix: 16, uppercase: true))}" }
}
