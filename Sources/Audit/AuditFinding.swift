/// Something that shows that the audit log is not as it was sealed.
public enum AuditFinding: Sendable, Equatable, CustomStringConvertible {
    /// A record is not what was sealed at its place.
    case recordChanged(seal: Int64, id: Int64)
    /// Records that were sealed are gone.
    case recordsRemoved(seal: Int64, count: Int)
    /// A record stands where the seal has none.
    case recordAdded(seal: Int64, id: Int64)
    /// The records are those that were sealed, in another order.
    case recordsReordered(seal: Int64)
    /// Event rows are not those that were sealed.
    case eventsChanged(seal: Int64)
    /// The seal with this number is gone, and others follow.
    case sealMissing(Int64)
    /// The seal's code does not fit its content and place: it was changed, moved, or made without the key.
    case sealForged(Int64)
    /// The seal was made under a key that is not among those given.
    case keyUnknown(seal: Int64, key: String)
    /// The chain ends before a head that was exported.
    case tailCut(head: Int64, last: Int64)
    /// The seal is another than the one whose head was exported: the chain was written anew.
    case chainRewritten(seal: Int64)
    /// An exported head has no valid signature.
    case headForged(Int64)
    /// A mark of dropped months was made without the key.
    case horizonForged(before: Int32)

    public var description: String {
        switch self {
        case .recordChanged(let seal, let id): "record \(id) was changed after seal \(seal) was made"
        case .recordsRemoved(let seal, let count): "\(count) of the records of seal \(seal) are gone"
        case .recordAdded(let seal, let id): "record \(id) was put among the records of seal \(seal)"
        case .recordsReordered(let seal): "the records of seal \(seal) stand in another order"
        case .eventsChanged(let seal): "the event rows of seal \(seal) were changed, added to or removed"
        case .sealMissing(let number): "seal \(number) is gone"
        case .sealForged(let number):
            "seal \(number) was changed, moved or made without the key, or the seal before it was"
        case .keyUnknown(let seal, let key):
            "seal \(seal) was made under the key \(key), which is not among those given"
        case .tailCut(let head, let last): "the chain ends with seal \(last), but seal \(head) was exported"
        case .chainRewritten(let seal): "seal \(seal) is not the one that was exported: the chain was written anew"
        case .headForged(let number): "the exported head of seal \(number) has no valid signature"
        case .horizonForged(let before): "the mark that months before \(before) were dropped was made without the key"
        }
    }
}
