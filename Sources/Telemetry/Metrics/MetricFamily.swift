/// The samples of one metric name at one moment.
public struct MetricFamily: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    public struct Sample: Sendable {
        /// Appended to the family's name: empty, or `_bucket`, `_sum`, `_count` of a histogram.
        public var suffix: String
        public var labels: [(name: String, value: String)]
        public var value: Double

        public init(_ value: Double, labels: [(name: String, value: String)] = [], suffix: String = "") {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    public var name: String
    public var help: String
    public var kind: Kind
    public var samples: [Sample]

    public init(_ name: String, help: String, kind: Kind, samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A counter without labels.
    public static func counter(_ name: String, help: String, _ value: UInt64) -> Self {
        Self(name, help: help, kind: .counter, samples: [Sample(Double(value))])
    }

    /// A gauge without labels.
    public static func gauge(_ name: String, help: String, _ value: Double) -> Self {
        Self(name, help: help, kind: .gauge, samples: [Sample(value)])
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func isValid(name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }
}
