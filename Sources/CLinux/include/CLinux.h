// What Linux has and Swift cannot reach: variadic functions, function-like macros and GNU extensions.
#pragma once
#include <stdint.h>

// Orphans below this process become its children (PR_SET_CHILD_SUBREAPER, prctl(2)). 0 or -1 with errno.
int clinux_become_subreaper(void);

// A descriptor that polls readable when the process has ended (pidfd_open(2)). -1 with errno.
int clinux_pidfd_open(int32_t process);

// A pipe whose ends are closed on exec: ends[0] reads, ends[1] writes. 0 or -1 with errno.
int clinux_pipe(int ends[2]);

// Opens for reading, closed on exec; never waits, not even for a FIFO's writer. -1 with errno.
int clinux_open_read(const char *path);

// Creates or empties a file of this user's own, closed on exec; a symbolic link is refused. -1 with errno.
int clinux_open_create(const char *path);

// 0 or -1 with errno.
int clinux_set_nonblocking(int descriptor);

// Starts a program as the leader of a session of its own, in a folder, with three descriptors and no other, every signal
// handled by default and none blocked. 0 or an errno.
int clinux_spawn(
    int32_t *process, const char *program, char *const arguments[], char *const environment[], const char *directory,
    int input, int output, int error);

// How a process ended and what it used, with the children that it waited for.
struct clinux_end {
    // The exit code, or the number of the signal that killed it.
    int32_t code;
    int32_t signalled;
    int64_t cpu_microseconds;
    // The largest resident set of one process.
    int64_t peak_memory_bytes;
};

// Reaps a child (wait4(2)). Its process id; 0 when `wait` is 0 and it still runs; -1 with errno.
int32_t clinux_reap(int32_t process, int wait, struct clinux_end *end);
