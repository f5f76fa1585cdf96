import Glibc
import Synchronization

/// The `date` field (RFC 9110 §6.6.1), made once a second.
enum HTTPDate {
    private struct Cache {
        var second: Int = -1
        var line = HTTPFields()
    }

    private static let cache = Mutex(Cache())

    static func append(to fields: inout HTTPFields) {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &now)
        let line = cache.withLock { cache in
            if cache.second != now.tv_sec {
                cache.second = now.tv_sec
                cache.line = HTTPFields()
                cache.line.append("date", format(second: now.tv_sec))
            }
            return cache.line
        }
        fields.append(contentsOf: line)
    }

    /// IMF-fixdate of a second since 1970.
    static func format(second: Int) -> String {
        var second = second
        var parts = unsafe tm()
        unsafe gmtime_r(&second, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        return unsafe "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
