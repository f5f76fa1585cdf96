/// A type as a value: what `type()` gives, and what names such as `int` stand for.
public enum ValueType: String, Sendable, Hashable, CaseIterable {
    case null = "null_type"
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case list
    case map
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
    case type
    case optional = "optional_type"
}
