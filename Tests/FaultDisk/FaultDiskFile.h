// Within the fault disk: what it knows of one file.
#pragma once
#include "FaultDisk.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

// A change that was not synced yet. Without bytes: the file was cut, or grown, to `offset`.
typedef struct Pending {
    struct Pending *next;
    int64_t offset;
    size_t count;
    char *bytes;
} Pending;

typedef struct TrackedFile {
    struct TrackedFile *next;
    char name[NAME_MAX + 1];
    char *durable;
    size_t durableSize;
    // Synced at least once.
    int isDurable;
    int isDeleted;
    // A sync of it has failed.
    int hasFailed;
    Pending *first, *last;
} TrackedFile;

// The disk of the folder that a path is in; NULL for none.
FaultDisk *fault_disk_of(const char *path);
TrackedFile *fault_disk_file(FaultDisk *disk, const char *path);
// Each returns 0, or the errno that the operation is to fail with.
int fault_disk_note_write(FaultDisk *disk, TrackedFile *file, const void *bytes, size_t count, int64_t offset);
int fault_disk_note_truncate(FaultDisk *disk, TrackedFile *file, int64_t size);
int fault_disk_note_sync(FaultDisk *disk, TrackedFile *file);
void fault_disk_note_delete(FaultDisk *disk, const char *path);
// Makes the VFS the one that SQLite uses unless told otherwise; once. 0 when that went well.
int fault_vfs_register(void);
