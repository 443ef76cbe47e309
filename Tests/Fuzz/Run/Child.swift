import CFuzzer
import Foundation
import FuzzDoors

/// One door under libFuzzer, in a process of its own: what it finds ends the process.
enum Child {
    nonisolated(unsafe) private static var door: Door!
    nonisolated(unsafe) private static var trace: InputTrace!
    /// What one input may cost, in milliseconds of the processor.
    private static let limitMilliseconds = 1_000

    /// - Parameter trace: file that always holds the input under way, so that none is lost however the process ends.
    static func run(_ door: Door, arguments: [String], trace path: String) throws {
        self.door = door
        trace = try InputTrace(path, byteCount: door.longest * 2)
        var pointers: [UnsafeMutablePointer<CChar>?] = (["fuzz", "-max_len=\(door.longest)"] + arguments).map { strdup($0) }
        var count = CInt(pointers.count)
        pointers.append(nil)
        let code = pointers.withUnsafeMutableBufferPointer { buffer -> CInt in
            var base = buffer.baseAddress
            return LLVMFuzzerRunDriver(&count, &base) { data, size in
                Child.enter(UnsafeBufferPointer(start: data, count: size))
                return 0
            }
        }
        exit(code)
    }

    private static func enter(_ data: UnsafeBufferPointer<UInt8>) {
        trace.note(data)
        let before = threadMilliseconds()
        do {
            try door.enter(Array(data))
        } catch {
            stop("\(error)")
        }
        let cost = threadMilliseconds() - before
        if cost > limitMilliseconds { stop("an input of \(data.count) bytes takes \(cost) ms") }
    }

    private static func stop(_ sentence: String) -> Never {
        FileHandle.standardError.write(Data("BROKEN: \(sentence)\n".utf8))
        abort()
    }

    /// Processor time of this thread, so that a busy machine is not taken for a slow reader.
    static func threadMilliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }

    static var form: Door.Form { door.form }
}

/// The input under way, in a file that outlives the process: its length in 8 bytes, then its bytes.
final class InputTrace {
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int

    init(_ path: String, byteCount: Int) throws {
        self.byteCount = byteCount
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(byteCount + 8)) == 0,
            let memory = mmap(nil, byteCount + 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw CocoaError(.fileWriteUnknown) }
        self.memory = memory
        close(descriptor)
    }

    func note(_ data: UnsafeBufferPointer<UInt8>) {
        let count = min(data.count, byteCount)
        memory.storeBytes(of: count, as: Int.self)
        if let base = data.baseAddress { (memory + 8).copyMemory(from: base, byteCount: count) }
    }

    /// What a file of this kind holds.
    static func read(_ path: String) -> [UInt8]? {
        guard let data = FileManager.default.contents(atPath: path), data.count >= 8 else { return nil }
        let count = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        return Array(data.dropFirst(8).prefix(count))
    }
}

/// Half of all changes know what the input looks like; the others are libFuzzer's own.
@_cdecl("LLVMFuzzerCustomMutator")
public func changeInput(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ longest: Int, _ seed: UInt32) -> Int {
    guard seed & 1 == 0 else { return LLVMFuzzerMutate(data, size, longest) }
    var mutator = Mutator(seed: UInt64(seed))
    let changed = mutator.change(Array(UnsafeBufferPointer(start: data, count: size)), form: Child.form)
    let count = min(changed.count, longest)
    for index in 0..<count { data[index] = changed[index] }
    return count
}
