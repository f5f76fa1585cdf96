#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled pattern of libre2. Matching does not change it: any number of threads may match at the same time. */
typedef struct cre2_pattern cre2_pattern;

typedef struct {
    bool ignores_case;
    /* Bytes that the compiled program and the caches of matching may take together. */
    long memory;
} cre2_options;

typedef struct {
    /* What is wrong, cut to fit, ended by 0. */
    char message[160];
    /* Bytes of the pattern before the faulty part; -1 when libre2 names none. */
    ptrdiff_t offset;
    size_t length;
} cre2_error;

/* Bytes from begin up to end; both -1 for a group that took no part in the match. */
typedef struct {
    ptrdiff_t begin;
    ptrdiff_t end;
} cre2_range;

/* NULL when the pattern is refused: then *error says why. The caller frees the pattern. */
cre2_pattern *cre2_compile(const char *text, size_t length, cre2_options options, cre2_error *error);
void cre2_free(cre2_pattern *pattern);

/* Capturing groups, without the whole match. */
int cre2_group_count(const cre2_pattern *pattern);

/* Instructions of the program: what compiling took, and at worst what each byte of a subject takes. */
int cre2_program_size(const cre2_pattern *pattern);

/* The first match in subject[from..<length]: anywhere, or the whole of it. Writes the whole match and then the groups,
   count ranges in all. Returns 1 for a match, 0 for none, -1 when memory ran out. */
int cre2_match(const cre2_pattern *pattern, const char *subject, size_t length, size_t from, bool whole,
               cre2_range *ranges, int count);

#ifdef __cplusplus
}
#endif
