// A disk that fails as told: for files of one folder, whether SQLite writes them (by way of a VFS over the usual one) or the
// program itself. What was written and not synced is known, so that a power cut can take it away.
#pragma once
#include <stdint.h>
#include <sys/types.h>

typedef struct FaultDisk FaultDisk;

typedef enum {
    FaultDiskNone = 0,
    // The operation and all later ones fail with EIO, and nothing more reaches the platter: the machine has lost its power.
    FaultDiskPowerCut = 1,
    // One write fails with EIO.
    FaultDiskWriteError = 2,
    // One sync fails with EIO, and what it was to bring to the platter is lost, as Linux file systems do it.
    FaultDiskSyncError = 3,
    // Every write fails with ENOSPC until the disk is healed.
    FaultDiskNoSpace = 4,
} FaultDiskKind;

// Makes the disk of a folder; files below it that SQLite opens from then on belong to it. NULL when there is no memory.
FaultDisk *fault_disk_make(const char *folder);
// Forgets the disk. Nothing may use its files any more.
void fault_disk_free(FaultDisk *disk);
// The at-th write or sync from now on, from 1, meets the fault; for write and sync errors the at-th of that kind.
void fault_disk_plan(FaultDisk *disk, FaultDiskKind kind, long at);
// Ends every fault.
void fault_disk_heal(FaultDisk *disk);
// Writes and syncs so far.
long fault_disk_operations(FaultDisk *disk);
// Syncs so far.
long fault_disk_syncs(FaultDisk *disk);
// Syncs, of the file whose sync failed, that were tried after that.
long fault_disk_syncs_after_error(FaultDisk *disk);
// Writes what a power cut leaves into another folder: all that was synced, and of the rest what the seed draws, in part or whole.
// 0, or an errno.
int fault_disk_recover(FaultDisk *disk, const char *folder, uint64_t seed);

// For files that the program writes itself: as the system calls, with errno.
ssize_t fault_disk_pwrite(FaultDisk *disk, int descriptor, const void *bytes, size_t count, off_t offset);
int fault_disk_fsync(FaultDisk *disk, int descriptor);
int fault_disk_ftruncate(FaultDisk *disk, int descriptor, off_t size);
int fault_disk_rename(FaultDisk *disk, const char *from, const char *to);
