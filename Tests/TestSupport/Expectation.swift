/// What a shared check found wrong. The checks run in targets that are no test bundles, so they throw.
public struct Unmet: Error, CustomStringConvertible {
    public var description: String

    public init(description: String) { self.description = description }
}

/// Throws unless the condition holds.
public func expect(
    _ condition: Bool, _ message: @autoclosure () -> String = "", file: StaticString = #fileID, line: UInt = #line
) throws {
    guard !condition else { return }
    throw Unmet(description: "\(file):\(line): \(message())")
}

/// Throws unless the two are equal.
public func expectEqual<Value: Equatable>(
    _ left: Value, _ right: Value, _ message: @autoclosure () -> String = "", file: StaticString = #fileID,
    line: UInt = #line
) throws {
    guard left != right else { return }
    throw Unmet(description: "\(file):\(line): \(left) is not \(right) \(message())")
}

/// Throws where there is nothing.
public func unwrap<Value>(_ value: Value?, file: StaticString = #fileID, line: UInt = #line) throws -> Value {
    guard let value else { throw Unmet(description: "\(file):\(line): nothing is there") }
    return value
}
