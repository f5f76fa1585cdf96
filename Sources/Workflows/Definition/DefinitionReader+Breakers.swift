import JSON

/// What a definition says of circuit breakers.
extension DefinitionReader {
    /// `breaker` of a step.
    mutating func breaker(_ node: SourceNode) -> StepBreaker? {
        guard let members = members(of: node, "breaker", known: Words.breaker, later: []),
            let targetNode = required("target", in: members, of: "breaker", at: node)
        else { return nil }
        var rule = BreakerRule()
        if let failures = members["failures"].flatMap({ count($0, "failures") }) { rule.failures = failures }
        rule.ratio = members["ratio"].flatMap { ratio($0) }
        if let window = members["window"].flatMap({ period($0, "window", BreakerRule.windows, "1s to 24h") }) {
            rule.window = window
        }
        if let pause = members["open"].flatMap({ period($0, "open", BreakerRule.pauses, "10ms to 7 days") }) {
            rule.pause = pause
        }
        if let probes = members["probes"].flatMap({ count($0, "probes", 1...Int(BreakerRule.mostProbes)) }) {
            rule.probes = Int32(probes)
        }
        let scope = members["scope"].flatMap { choice($0, "scope", of: LimitScope.self) } ?? .workflow
        guard let target = string(targetNode, "target", allowsEmpty: false) else { return nil }
        return StepBreaker(target: target, rule: rule, scope: scope)
    }

    private mutating func ratio(_ node: SourceNode) -> Double? {
        if case .scalar(let value) = node.content, let ratio = value.doubleValue, ratio > 0, ratio <= 1 { return ratio }
        report(node, "ratio must be a number above 0 and at most 1")
        return nil
    }

    private mutating func period(
        _ node: SourceNode, _ what: String, _ range: ClosedRange<Duration>, _ words: String
    ) -> Duration? {
        guard let period = duration(node, what) else { return nil }
        guard range.contains(period) else {
            report(node, "\(what) must be from \(words)")
            return nil
        }
        return period
    }
}
