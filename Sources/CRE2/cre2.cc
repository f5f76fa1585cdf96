#include "cre2.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <re2/re2.h>

struct cre2_pattern {
    cre2_pattern(re2::StringPiece text, const RE2::Options &options) : program(text, options) {}
    RE2 program;
};

namespace {

void describe(cre2_error *error, const std::string &message) {
    size_t count = std::min(message.size(), sizeof error->message - 1);
    std::memcpy(error->message, message.data(), count);
    error->message[count] = 0;
}

}  // namespace

// No exception leaves this file: what throws here is memory that ran out.

extern "C" cre2_pattern *cre2_compile(const char *text, size_t length, cre2_options options, cre2_error *error) {
    error->offset = -1;
    error->length = 0;
    error->message[0] = 0;
    try {
        RE2::Options settings(RE2::Quiet);
        settings.set_encoding(RE2::Options::EncodingUTF8);
        settings.set_case_sensitive(!options.ignores_case);
        settings.set_max_mem(options.memory);
        re2::StringPiece piece(text, length);
        auto pattern = std::make_unique<cre2_pattern>(piece, settings);
        if (pattern->program.ok()) return pattern.release();
        describe(error, pattern->program.error());
        // libre2 hands out the faulty part, not where it stands: its first occurrence is that place.
        const std::string &part = pattern->program.error_arg();
        size_t found = part.empty() ? std::string::npos : std::string(text, length).find(part);
        if (found != std::string::npos) {
            error->offset = static_cast<ptrdiff_t>(found);
            error->length = part.size();
        }
    } catch (...) {
        std::strcpy(error->message, "out of memory");
    }
    return nullptr;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete pattern; }

extern "C" int cre2_group_count(const cre2_pattern *pattern) { return pattern->program.NumberOfCapturingGroups(); }

extern "C" int cre2_program_size(const cre2_pattern *pattern) { return pattern->program.ProgramSize(); }

extern "C" int cre2_match(const cre2_pattern *pattern, const char *subject, size_t length, size_t from, bool whole,
                          cre2_range *ranges, int count) {
    try {
        re2::StringPiece piece(subject, length);
        std::vector<re2::StringPiece> groups(static_cast<size_t>(count));
        auto anchor = whole ? RE2::ANCHOR_BOTH : RE2::UNANCHORED;
        if (!pattern->program.Match(piece, from, length, anchor, groups.data(), count)) return 0;
        for (int index = 0; index < count; ++index) {
            const re2::StringPiece &group = groups[static_cast<size_t>(index)];
            if (group.data() == nullptr) {
                ranges[index] = {-1, -1};
                continue;
            }
            ptrdiff_t begin = group.data() - subject;
            ranges[index] = {begin, begin + static_cast<ptrdiff_t>(group.size())};
        }
        return 1;
    } catch (...) {
        return -1;
    }
}
