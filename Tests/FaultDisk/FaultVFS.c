// An SQLite VFS over the usual one: files in folders of fault disks fail as told, all others pass through.
#include "FaultDiskFile.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    FaultDisk *disk;
    TrackedFile *file;
    sqlite3_file *real;
} FaultFile;

static sqlite3_vfs *usual;
static sqlite3_vfs vfs;

#define REAL(file) (((FaultFile *)(file))->real)
#define METHODS(file) (REAL(file)->pMethods)

static int code(int failure, int ioCode) { return failure == ENOSPC ? SQLITE_FULL : ioCode; }

static int close_file(sqlite3_file *file) { return METHODS(file)->xClose(REAL(file)); }
static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return METHODS(file)->xRead(REAL(file), bytes, count, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    FaultFile *own = (FaultFile *)file;
    int failure = fault_disk_note_write(own->disk, own->file, bytes, count, offset);
    return failure ? code(failure, SQLITE_IOERR_WRITE) : METHODS(file)->xWrite(REAL(file), bytes, count, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    FaultFile *own = (FaultFile *)file;
    if (fault_disk_note_truncate(own->disk, own->file, size)) return SQLITE_IOERR_TRUNCATE;
    return METHODS(file)->xTruncate(REAL(file), size);
}

static int sync_file(sqlite3_file *file, int flags) {
    FaultFile *own = (FaultFile *)file;
    if (fault_disk_note_sync(own->disk, own->file)) return SQLITE_IOERR_FSYNC;
    return METHODS(file)->xSync(REAL(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return METHODS(file)->xFileSize(REAL(file), size); }
static int lock_file(sqlite3_file *file, int level) { return METHODS(file)->xLock(REAL(file), level); }
static int unlock_file(sqlite3_file *file, int level) { return METHODS(file)->xUnlock(REAL(file), level); }
static int check_lock(sqlite3_file *file, int *result) { return METHODS(file)->xCheckReservedLock(REAL(file), result); }
static int control(sqlite3_file *file, int operation, void *argument) {
    // Growing a file ahead of its writes would go past `write_file`.
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return METHODS(file)->xFileControl(REAL(file), operation, argument);
}
static int sector_size(sqlite3_file *file) { return METHODS(file)->xSectorSize(REAL(file)); }
static int characteristics(sqlite3_file *file) { return METHODS(file)->xDeviceCharacteristics(REAL(file)); }
static int map_shared(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    return METHODS(file)->xShmMap(REAL(file), page, size, extend, memory);
}
static int lock_shared(sqlite3_file *file, int offset, int count, int flags) {
    return METHODS(file)->xShmLock(REAL(file), offset, count, flags);
}
static void barrier(sqlite3_file *file) { METHODS(file)->xShmBarrier(REAL(file)); }
static int unmap_shared(sqlite3_file *file, int isDeleted) { return METHODS(file)->xShmUnmap(REAL(file), isDeleted); }

static const sqlite3_io_methods methods = {
    2, close_file, read_file, write_file, truncate_file, sync_file, file_size, lock_file, unlock_file, check_lock, control, sector_size,
    characteristics, map_shared, lock_shared, barrier, unmap_shared, 0, 0,
};

static int open_file(sqlite3_vfs *own, const char *path, sqlite3_file *file, int flags, int *outFlags) {
    (void)own;
    FaultDisk *disk = path ? fault_disk_of(path) : NULL;
    if (!disk) return usual->xOpen(usual, path, file, flags, outFlags);
    FaultFile *opened = (FaultFile *)file;
    memset(opened, 0, sizeof *opened);
    opened->real = (sqlite3_file *)&opened[1];
    opened->disk = disk;
    opened->file = fault_disk_file(disk, path);
    if (!opened->file) return SQLITE_NOMEM;
    int result = usual->xOpen(usual, path, opened->real, flags, outFlags);
    opened->base.pMethods = result == SQLITE_OK ? &methods : NULL;
    return result;
}

static int delete_file(sqlite3_vfs *own, const char *path, int syncsFolder) {
    (void)own;
    FaultDisk *disk = fault_disk_of(path);
    if (disk) fault_disk_note_delete(disk, path);
    return usual->xDelete(usual, path, syncsFolder);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered = -1;

static void register_once(void) {
    usual = sqlite3_vfs_find(NULL);
    if (!usual) return;
    vfs = *usual;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(FaultFile) + usual->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    registered = sqlite3_vfs_register(&vfs, 1);
}

int fault_vfs_register(void) {
    pthread_once(&once, register_once);
    return registered;
}
