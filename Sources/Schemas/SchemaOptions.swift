/// How a schema is compiled.
public struct SchemaOptions: Hashable, Sendable {
    /// `format` is a check; otherwise it is a remark, unless the schema's vocabulary says more.
    public var assertsFormats: Bool
    /// A keyword that is nearly a known one is refused, so that `requird` is not silently no check at all.
    public var refusesMisspelling: Bool

    public init(assertsFormats: Bool = false, refusesMisspelling: Bool = false) {
        self.assertsFormats = assertsFormats
        self.refusesMisspelling = refusesMisspelling
    }
}
