/// What a message in the inbox says; stored, so the numbers must not change.
enum InboxKind: Int16 {
    case cancel = 1
    case admit = 2
    case signal = 3
    case childEnded = 4
    case startChild = 5
    case seek = 6
}
