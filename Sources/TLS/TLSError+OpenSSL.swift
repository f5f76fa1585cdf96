private import COpenSSL

extension TLSError {
    /// An error with OpenSSL's stack of this thread, which is emptied by it.
    static func openSSL(_ kind: Kind, _ message: String) -> TLSError {
        TLSError(kind, message, details: drainStack())
    }

    private static func drainStack() -> [String] {
        var details: [String] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { return details }
            var text = [CChar](repeating: 0, count: 256)
            unsafe ERR_error_string_n(code, &text, text.count)
            details.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }
}
