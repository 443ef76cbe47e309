/* Debian keeps the header in a folder of its own, others do not. */
#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

/* What a server says besides its answers goes nowhere: libpq would print it. */
static inline void ignore_notice(void *argument, const PGresult *result) {
    (void)argument;
    (void)result;
}
static inline void ignore_notices(PGconn *connection) { PQsetNoticeReceiver(connection, ignore_notice, 0); }
