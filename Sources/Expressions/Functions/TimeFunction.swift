/// Functions of timestamps and durations.
enum TimeFunction: String, FunctionGroup {
    case getFullYear
    case getMonth
    case getDate
    case getDayOfMonth
    case getDayOfWeek
    case getDayOfYear
    case getHours
    case getMinutes
    case getSeconds
    case getMilliseconds

    var function: Function { .time(self) }

    /// With a time zone, or in UTC.
    var arity: ClosedRange<Int> { 1...2 }
}

extension Evaluator {
    func call(_ function: TimeFunction, _ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .timestamp(let time):
            let zone = call.count > 1 ? try call.text(1) : "UTC"
            guard let offset = scope.timeZones.offset(of: zone, at: time.seconds) else {
                throw call.failure("the time zone \"\(zone)\" is not known; write an offset, as in \"+02:00\"")
            }
            return .int(Int64(function.field(of: CivilTime(time, offset: offset))))
        case .duration(let duration):
            guard call.count == 1, let field = function.field(of: duration) else { throw call.noOverload }
            return .int(field)
        default: throw call.noOverload
        }
    }
}

extension TimeFunction {
    /// Months, days of the month by `getDayOfMonth`, days of the week and of the year count from 0; Sunday is 0.
    fileprivate func field(of time: CivilTime) -> Int {
        switch self {
        case .getFullYear: time.date.year
        case .getMonth: time.date.month - 1
        case .getDate: time.date.day
        case .getDayOfMonth: time.date.day - 1
        case .getDayOfWeek: time.date.dayOfWeek
        case .getDayOfYear: time.date.dayOfYear
        case .getHours: time.hour
        case .getMinutes: time.minute
        case .getSeconds: time.second
        case .getMilliseconds: time.nanoseconds / 1_000_000
        }
    }

    /// The whole duration in that unit; of milliseconds, those beyond the whole seconds.
    fileprivate func field(of duration: Duration) -> Int64? {
        let seconds = duration.components.seconds
        switch self {
        case .getHours: return seconds / 3600
        case .getMinutes: return seconds / 60
        case .getSeconds: return seconds
        case .getMilliseconds: return duration.components.attoseconds / 1_000_000_000_000_000
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear: return nil
        }
    }
}
