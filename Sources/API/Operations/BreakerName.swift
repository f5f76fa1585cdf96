/// Names of breakers as requests give them.
enum BreakerName {
    /// A task type, a target's name or an id.
    ///
    /// - Throws: 400 with the code.
    static func checked(_ name: String, code: String) throws(Problem) -> String {
        guard (1...500).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw Problem(400, code, "The name of a breaker has 1 to 500 bytes, none of them zero.")
        }
        return name
    }

    /// A task type, as definitions may write it.
    ///
    /// - Throws: 400 with the code.
    static func taskType(_ name: String, code: String) throws(Problem) -> String {
        func isAlphanumeric(_ scalar: UnicodeScalar) -> Bool {
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        let scalars = name.unicodeScalars
        guard (1...100).contains(scalars.count), scalars.first.map({ isAlphanumeric($0) || $0 == "_" }) ?? false,
            scalars.allSatisfy({ isAlphanumeric($0) || "-_./".unicodeScalars.contains($0) })
        else {
            throw Problem(
                400, code, "\"\(name)\" is no task type: 1 to 100 small letters, digits and - _ . /")
        }
        return name
    }
}
