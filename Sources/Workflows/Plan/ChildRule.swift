public import Expressions

/// `uses: workflow`.
public struct ChildRule: Sendable {
    /// What becomes of the child when its parent's step is stopped.
    public enum ParentCancel: String, Sendable, CaseIterable {
        case cancel
        case abandon
    }

    /// Text: the child's workflow. Its newest version runs, found when the child starts.
    public var name: Template
    /// Without it the child starts with `{}`.
    public var inputs: Template?
    public var onParentCancel: ParentCancel

    /// A run that is so many levels below its root starts no child.
    public static let deepest: Int32 = 32

    public init(name: Template, inputs: Template? = nil, onParentCancel: ParentCancel = .cancel) {
        self.name = name
        self.inputs = inputs
        self.onParentCancel = onParentCancel
    }
}
