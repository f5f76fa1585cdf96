#pragma once
#include <libpq-fe.h>
// The connection's thread sleeps on an eventfd beside its socket; the Glibc module does not show it.
#include <sys/eventfd.h>
