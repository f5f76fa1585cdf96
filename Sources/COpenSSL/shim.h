#pragma once
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <time.h>

// Calls `sink` with each URI among the subject alternative names of a certificate (RFC 5280 §4.2.1.6).
static inline void shim_X509_uris(const X509 *certificate, void *context,
                                  void (*sink)(void *context, const unsigned char *text, int length)) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int index = 0; names && index < sk_GENERAL_NAME_num(names); index++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        if (name->type != GEN_URI) continue;
        sink(context, ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
             ASN1_STRING_length(name->d.uniformResourceIdentifier));
    }
    GENERAL_NAMES_free(names);
}

// When a certificate ends, in seconds since 1970; 0 for a time that cannot be read.
static inline int64_t shim_X509_not_after(const X509 *certificate) {
    struct tm fields;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &fields) != 1) return 0;
    return timegm(&fields);
}
