private import COpenSSL
import Glibc

extension TLSMaterial {
    /// The PEM text; a file is named in the error.
    func text() throws(TLSError) -> [UInt8] {
        switch self {
        case .pem(let text): return Array(text.utf8)
        case .file(let path):
            guard let file = unsafe fopen(path, "re") else {
                throw TLSError(.configuration, "\(path): \(unsafe String(cString: strerror(errno)))")
            }
            defer { unsafe fclose(file) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = unsafe fread(&chunk, 1, chunk.count, file)
                guard count > 0 else { break }
                bytes.append(contentsOf: chunk[..<count])
            }
            guard unsafe ferror(file) == 0 else { throw TLSError(.configuration, "\(path): cannot be read") }
            return bytes
        }
    }

    /// How an error names it.
    var label: String {
        switch self {
        case .pem: "PEM text"
        case .file(let path): path
        }
    }
}

/// Certificates of a PEM text, freed with the value.
@safe final class CertificateList {
    private(set) var handles: [OpaquePointer] = unsafe []

    init(_ material: TLSMaterial) throws(TLSError) {
        let text = try material.text()
        ERR_clear_error()
        let source = unsafe text.withUnsafeBytes { unsafe BIO_new_mem_buf($0.baseAddress, Int32($0.count)) }
        // BIO_new_mem_buf borrows the bytes: keep them until the last certificate was read.
        withExtendedLifetime(text) {
            while let certificate = unsafe PEM_read_bio_X509(source, nil, nil, nil) {
                unsafe handles.append(certificate)
            }
            unsafe BIO_free(source)
        }
        if unsafe handles.isEmpty {
            throw TLSError.openSSL(.configuration, "\(material.label): holds no certificate")
        }
        ERR_clear_error()
    }

    var count: Int { unsafe handles.count }

    deinit {
        unsafe handles.forEach { unsafe X509_free($0) }
    }
}
