import Foundation

/// Small files that their owner alone may open.
enum PrivateFile {
    private static let ownerOnly: mode_t = 0o600

    /// Reads a whole file, refusing one that others than its owner may open.
    static func read(_ path: String, byteCountMax: Int) throws(KeyFileFault) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? KeyFileFault(path, .missing) : refusal(path, "open it")
        }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw refusal(path, "look at it") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeyFileFault(path, .notAFile) }
        let mode = status.st_mode & 0o777
        guard mode & 0o077 == 0 else { throw KeyFileFault(path, .tooOpen(mode: mode)) }
        guard status.st_size <= byteCountMax else {
            throw KeyFileFault(path, .damaged("\(status.st_size) bytes are too many for a key file"))
        }
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        var count = 0
        while count < byteCountMax {
            let step = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress! + count, byteCountMax - count) }
            if step < 0, errno == EINTR { continue }
            guard step >= 0 else { throw refusal(path, "read it") }
            if step == 0 { break }
            count += step
        }
        return Data(bytes[..<count])
    }

    /// Writes a file of mode 0600 so that it is on disk when this returns, the folder's entry included.
    ///
    /// A new file is created exclusively. One to be replaced stays whole until the new one is on disk.
    static func write(_ data: Data, to path: String, replacing: Bool) throws(KeyFileFault) {
        guard replacing else {
            try create(data, at: path, named: path)
            return try syncFolder(of: path)
        }
        let fresh = path + ".new"
        guard unlink(fresh) == 0 || errno == ENOENT else { throw refusal(path, "remove \(fresh)") }
        try create(data, at: fresh, named: path)
        guard rename(fresh, path) == 0 else {
            let fault = refusal(path, "replace it")
            unlink(fresh)
            throw fault
        }
        try syncFolder(of: path)
    }

    private static func create(_ data: Data, at path: String, named shown: String) throws(KeyFileFault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, ownerOnly)
        guard descriptor >= 0 else {
            throw errno == EEXIST ? KeyFileFault(shown, .alreadyThere) : refusal(shown, "create it")
        }
        var fault: KeyFileFault?
        // The process may have an odd umask; the mode is what was promised all the same.
        if fchmod(descriptor, ownerOnly) != 0 { fault = refusal(shown, "set its mode") }
        fault = fault ?? writeAll(data, to: descriptor, named: shown)
        if fault == nil, fsync(descriptor) != 0 { fault = refusal(shown, "bring it to disk") }
        if close(descriptor) != 0, fault == nil { fault = refusal(shown, "close it") }
        guard let fault else { return }
        unlink(path)
        throw fault
    }

    private static func writeAll(_ data: Data, to descriptor: Int32, named shown: String) -> KeyFileFault? {
        let bytes = Array(data)
        var count = 0
        while count < bytes.count {
            let step = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + count, bytes.count - count) }
            if step < 0, errno == EINTR { continue }
            guard step > 0 else { return refusal(shown, "write it") }
            count += step
        }
        return nil
    }

    private static func syncFolder(of path: String) throws(KeyFileFault) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(path, "open its folder") }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw refusal(path, "bring its folder to disk") }
    }

    private static func refusal(_ path: String, _ step: String) -> KeyFileFault {
        KeyFileFault(path, .system(step: step, reason: String(cString: strerror(errno))))
    }
}
