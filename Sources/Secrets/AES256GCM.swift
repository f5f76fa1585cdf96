private import COpenSSL

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D), with 96-bit nonces and 128-bit tags.
enum AES256GCM {
    static let keyLength = 32
    static let nonceLength = 12
    static let tagLength = 16

    /// The nonce, the encrypted bytes, the tag.
    ///
    /// - Parameters:
    ///   - nonce: never used twice under one key.
    ///   - context: authenticated with the bytes, not stored with them.
    static func seal(
        _ bytes: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]
    ) throws(SecretError) -> [UInt8] {
        precondition(key.count == keyLength && nonce.count == nonceLength)
        guard let cipher = unsafe EVP_CIPHER_CTX_new() else { throw SecretError.cipher }
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        var sealed = nonce + [UInt8](repeating: 0, count: bytes.count + tagLength)
        var count: Int32 = 0
        let isDone = unsafe sealed.withUnsafeMutableBufferPointer { sealed in
            let output = unsafe sealed.baseAddress! + nonceLength
            return unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
                && EVP_EncryptUpdate(cipher, output, &count, bytes, Int32(bytes.count)) == 1
                && EVP_EncryptFinal_ex(cipher, output + bytes.count, &count) == 1
                && EVP_CIPHER_CTX_ctrl(
                    cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), output + bytes.count) == 1
        }
        guard isDone else { throw SecretError.cipher }
        return sealed
    }

    /// The bytes that were sealed; `nil` when anything differs: the key, the context, or a single bit.
    static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        precondition(key.count == keyLength)
        let length = sealed.count - nonceLength - tagLength
        guard length >= 0, let cipher = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        let nonce = Array(sealed[..<nonceLength])
        let body = Array(sealed[nonceLength..<nonceLength + length])
        var tag = Array(sealed.suffix(tagLength))
        // The cipher may write a block more than it was given.
        var opened = [UInt8](repeating: 0, count: length + 16)
        var count: Int32 = 0
        let isGenuine = unsafe opened.withUnsafeMutableBufferPointer { opened in
            unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
                && EVP_DecryptUpdate(cipher, opened.baseAddress!, &count, body, Int32(length)) == 1
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1
                && EVP_DecryptFinal_ex(cipher, opened.baseAddress! + length, &count) == 1
        }
        return isGenuine ? Array(opened[..<length]) : nil
    }
}
