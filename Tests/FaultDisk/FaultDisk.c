#define _GNU_SOURCE
#include "FaultDisk.h"
#include "FaultDiskFile.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t everything = PTHREAD_MUTEX_INITIALIZER;
static FaultDisk *disks;

struct FaultDisk {
    FaultDisk *next;
    char folder[PATH_MAX];
    TrackedFile *files;
    FaultDiskKind kind;
    long at;
    long operations, syncs, syncsAfterError;
    int isDead;
};

FaultDisk *fault_disk_make(const char *folder) {
    if (fault_vfs_register() != 0) return NULL;
    FaultDisk *disk = calloc(1, sizeof *disk);
    if (!disk || !realpath(folder, disk->folder)) {
        free(disk);
        return NULL;
    }
    pthread_mutex_lock(&everything);
    disk->next = disks;
    disks = disk;
    pthread_mutex_unlock(&everything);
    return disk;
}

static void forget_file(TrackedFile *file) {
    for (Pending *change = file->first; change;) {
        Pending *next = change->next;
        free(change->bytes);
        free(change);
        change = next;
    }
    free(file->durable);
    free(file);
}

void fault_disk_free(FaultDisk *disk) {
    pthread_mutex_lock(&everything);
    for (FaultDisk **place = &disks; *place; place = &(*place)->next) {
        if (*place == disk) {
            *place = disk->next;
            break;
        }
    }
    pthread_mutex_unlock(&everything);
    while (disk->files) {
        TrackedFile *next = disk->files->next;
        forget_file(disk->files);
        disk->files = next;
    }
    free(disk);
}

void fault_disk_plan(FaultDisk *disk, FaultDiskKind kind, long at) {
    pthread_mutex_lock(&everything);
    disk->kind = kind;
    disk->at = at;
    pthread_mutex_unlock(&everything);
}

void fault_disk_heal(FaultDisk *disk) { fault_disk_plan(disk, FaultDiskNone, 0); }
long fault_disk_operations(FaultDisk *disk) { return disk->operations; }
long fault_disk_syncs(FaultDisk *disk) { return disk->syncs; }
long fault_disk_syncs_after_error(FaultDisk *disk) { return disk->syncsAfterError; }

FaultDisk *fault_disk_of(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) >= sizeof folder) return NULL;
    memcpy(folder, path, slash - path);
    folder[slash - path] = 0;
    char real[PATH_MAX];
    if (!realpath(folder, real)) return NULL;
    FaultDisk *found = NULL;
    pthread_mutex_lock(&everything);
    for (FaultDisk *disk = disks; disk && !found; disk = disk->next)
        if (strcmp(disk->folder, real) == 0) found = disk;
    pthread_mutex_unlock(&everything);
    return found;
}

// MARK: what is written and what is on the platter

TrackedFile *fault_disk_file(FaultDisk *disk, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    pthread_mutex_lock(&everything);
    TrackedFile *file = disk->files;
    while (file && strcmp(file->name, name) != 0) file = file->next;
    if (!file && (file = calloc(1, sizeof *file))) {
        snprintf(file->name, sizeof file->name, "%s", name);
        file->next = disk->files;
        disk->files = file;
    }
    if (file) file->isDeleted = 0;
    pthread_mutex_unlock(&everything);
    return file;
}

// What the next operation meets; 0, or an errno. The lock is held.
static int meet(FaultDisk *disk, int isSync) {
    disk->operations++;
    if (isSync) disk->syncs++;
    if (disk->isDead) return EIO;
    if (disk->kind == FaultDiskNone) return 0;
    int counts = disk->kind == FaultDiskPowerCut || (disk->kind == FaultDiskSyncError) == isSync;
    if (!counts) return 0;
    if (disk->at > 1) {
        disk->at--;
        return 0;
    }
    switch (disk->kind) {
    case FaultDiskPowerCut: disk->isDead = 1; return EIO;
    case FaultDiskNoSpace: return ENOSPC;
    default: disk->kind = FaultDiskNone; return EIO;
    }
}

static void add_pending(TrackedFile *file, Pending *change) {
    if (file->last) file->last->next = change;
    else file->first = change;
    file->last = change;
}

int fault_disk_note_write(FaultDisk *disk, TrackedFile *file, const void *bytes, size_t count, int64_t offset) {
    pthread_mutex_lock(&everything);
    int failure = meet(disk, 0);
    Pending *change = failure ? NULL : calloc(1, sizeof *change);
    if (change && (change->bytes = malloc(count ? count : 1))) {
        memcpy(change->bytes, bytes, count);
        change->count = count;
        change->offset = offset;
        add_pending(file, change);
    }
    pthread_mutex_unlock(&everything);
    return failure;
}

int fault_disk_note_truncate(FaultDisk *disk, TrackedFile *file, int64_t size) {
    pthread_mutex_lock(&everything);
    int failure = disk->isDead ? EIO : 0;
    Pending *change = failure ? NULL : calloc(1, sizeof *change);
    if (change) {
        change->offset = size;
        add_pending(file, change);
    }
    pthread_mutex_unlock(&everything);
    return failure;
}

void fault_disk_note_delete(FaultDisk *disk, const char *path) {
    TrackedFile *file = fault_disk_file(disk, path);
    pthread_mutex_lock(&everything);
    if (file && !disk->isDead) {
        while (file->first) {
            Pending *next = file->first->next;
            free(file->first->bytes);
            free(file->first);
            file->first = next;
        }
        file->last = NULL;
        file->isDeleted = 1;
        file->isDurable = 0;
        file->durableSize = 0;
    }
    pthread_mutex_unlock(&everything);
}

static void grow(char **bytes, size_t *size, size_t wanted) {
    if (wanted <= *size) return;
    *bytes = realloc(*bytes, wanted);
    memset(*bytes + *size, 0, wanted - *size);
    *size = wanted;
}

// Puts the first `count` bytes of a change on an image.
static void put(char **bytes, size_t *size, const Pending *change, size_t count) {
    if (!change->bytes) {
        grow(bytes, size, change->offset);
        *size = change->offset;
        return;
    }
    grow(bytes, size, change->offset + count);
    memcpy(*bytes + change->offset, change->bytes, count);
}

int fault_disk_note_sync(FaultDisk *disk, TrackedFile *file) {
    pthread_mutex_lock(&everything);
    if (file->hasFailed) disk->syncsAfterError++;
    int failure = meet(disk, 1);
    if (failure && !disk->isDead) file->hasFailed = 1;
    // What a sync that failed was to bring to the platter is taken for clean afterwards: a later sync does not bring it there.
    if (!disk->isDead) {
        while (file->first) {
            Pending *next = file->first->next;
            if (!failure) put(&file->durable, &file->durableSize, file->first, file->first->count);
            free(file->first->bytes);
            free(file->first);
            file->first = next;
        }
        file->last = NULL;
        if (!failure) file->isDurable = 1;
    }
    pthread_mutex_unlock(&everything);
    return failure;
}

// MARK: after a power cut

static uint64_t draw(uint64_t *state) {
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

static int recover_file(const TrackedFile *file, const char *folder, uint64_t *random) {
    // A file that was never synced may be there or not.
    if (file->isDeleted || (!file->isDurable && draw(random) % 2 == 0)) return 0;
    size_t size = file->durableSize;
    char *bytes = malloc(size ? size : 1);
    if (!bytes) return ENOMEM;
    if (size) memcpy(bytes, file->durable, size);
    for (const Pending *change = file->first; change; change = change->next) {
        uint64_t choice = draw(random) % 3;
        if (choice == 0) continue;
        size_t sectors = change->count / 512;
        put(&bytes, &size, change, choice == 1 || sectors == 0 ? change->count : draw(random) % (sectors + 1) * 512);
    }
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    FILE *out = fopen(path, "wb");
    int failure = !out || fwrite(bytes, 1, size, out) != size ? errno : 0;
    if (out) fclose(out);
    free(bytes);
    return failure;
}

int fault_disk_recover(FaultDisk *disk, const char *folder, uint64_t seed) {
    pthread_mutex_lock(&everything);
    int failure = 0;
    for (TrackedFile *file = disk->files; file && !failure; file = file->next) failure = recover_file(file, folder, &seed);
    pthread_mutex_unlock(&everything);
    return failure;
}

// MARK: files of the program itself

static TrackedFile *file_of(FaultDisk *disk, int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return NULL;
    path[count] = 0;
    return fault_disk_file(disk, path);
}

ssize_t fault_disk_pwrite(FaultDisk *disk, int descriptor, const void *bytes, size_t count, off_t offset) {
    TrackedFile *file = file_of(disk, descriptor);
    int failure = file ? fault_disk_note_write(disk, file, bytes, count, offset) : EBADF;
    if (!failure) return pwrite(descriptor, bytes, count, offset);
    errno = failure;
    return -1;
}

int fault_disk_fsync(FaultDisk *disk, int descriptor) {
    TrackedFile *file = file_of(disk, descriptor);
    int failure = file ? fault_disk_note_sync(disk, file) : EBADF;
    if (!failure) return fsync(descriptor);
    errno = failure;
    return -1;
}

int fault_disk_ftruncate(FaultDisk *disk, int descriptor, off_t size) {
    TrackedFile *file = file_of(disk, descriptor);
    int failure = file ? fault_disk_note_truncate(disk, file, size) : EBADF;
    if (!failure) return ftruncate(descriptor, size);
    errno = failure;
    return -1;
}

int fault_disk_rename(FaultDisk *disk, const char *from, const char *to) {
    TrackedFile *file = fault_disk_file(disk, from);
    TrackedFile *old = fault_disk_file(disk, to);
    pthread_mutex_lock(&everything);
    int failure = !file || !old ? ENOMEM : disk->isDead ? EIO : 0;
    if (!failure) {
        // The new content is on the platter already; the name follows it at once, as on a file system with a journal.
        char name[sizeof file->name];
        memcpy(name, file->name, sizeof name);
        memcpy(file->name, old->name, sizeof name);
        memcpy(old->name, name, sizeof name);
        old->isDeleted = 1;
    }
    pthread_mutex_unlock(&everything);
    if (!failure) return rename(from, to);
    errno = failure;
    return -1;
}
