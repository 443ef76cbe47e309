#include <errno.h>
#include <sys/eventfd.h>
#include <zmq.h>

/// A descriptor that another thread makes readable: non-blocking, closed by exec; -1 when the process may open no more.
static inline int open_wake_descriptor(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
