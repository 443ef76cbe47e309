/*
 * A wall clock that is wrong, for `make chaos` alone. Loaded before the C library with LD_PRELOAD, it adds to every reading of the
 * wall clock the nanoseconds in the 8 bytes (own byte order) of the file that CONCORDAT_SKEW_FILE names. The file is mapped, so
 * that whoever writes it moves the clock of a running process. Monotonic clocks are left alone, as a real skew leaves them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_sem_timedwait)(sem_t *, const struct timespec *);
static const volatile int64_t *skew;

__attribute__((constructor)) static void prepare(void) {
    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_sem_timedwait = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    const char *path = getenv("CONCORDAT_SKEW_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(0, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) skew = page;
    close(file);
}

static void move(struct timespec *when, int64_t nanoseconds) {
    const int64_t second = 1000000000;
    int64_t total = (int64_t)when->tv_nsec + nanoseconds % second;
    when->tv_sec += nanoseconds / second;
    if (total < 0) { total += second; when->tv_sec -= 1; }
    if (total >= second) { total -= second; when->tv_sec += 1; }
    when->tv_nsec = total;
}

int clock_gettime(clockid_t clock, struct timespec *when) {
    if (!real_clock_gettime) prepare();
    int result = real_clock_gettime(clock, when);
    if (result == 0 && skew && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(when, *skew);
    return result;
}

int gettimeofday(struct timeval *restrict when, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    if (result == 0) {
        when->tv_sec = precise.tv_sec;
        when->tv_usec = precise.tv_nsec / 1000;
    }
    return result;
}

time_t time(time_t *out) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (out) *out = precise.tv_sec;
    return precise.tv_sec;
}

/* Waits for a moment of the wall clock that its caller has read above, while the kernel knows the true one. */
int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    if (!skew) return real_sem_timedwait(semaphore, until);
    struct timespec moment = *until;
    move(&moment, -*skew);
    return real_sem_timedwait(semaphore, &moment);
}
