import Foundation
import LoadCore
import LoadShell
import Runtime
import Wire

/// What a run costs the network's processes, where they are on this machine.
struct LoadMeters {
    private let members: [ProcessorUse.Member]
    private let folder: NetworkFolder
    private let before: ProcessorUse
    private let ownBefore: UInt64
    private let bytesBefore: UInt64
    private var sendingEnd: ProcessorUse?

    /// Looks for the first time; nil when the network does not run on this machine.
    init?(_ folder: NetworkFolder) {
        guard let state = NetworkState.running(folder) else { return nil }
        members = state.processes.filter { $0.processID > 0 }.map { ProcessorUse.Member(name: $0.name, processID: $0.processID) }
        guard !members.isEmpty else { return nil }
        self.folder = folder
        before = ProcessorUse(members)
        ownBefore = LoadClock.ownProcessorTime()
        bytesBefore = LoadMeters.bytes(under: "\(folder.path)/data")
    }

    /// The sending has ended: until here threads were as busy as they get.
    mutating func markSendingEnd() { sendingEnd = ProcessorUse(members) }

    /// What was used until now.
    func cost(settled: Int, checksNeeded: Int, workerMilliseconds: UInt64) -> LoadReport.Cost {
        let now = ProcessorUse(members)
        let until = sendingEnd ?? now
        let bytes = LoadMeters.bytes(under: "\(folder.path)/data")
        return LoadReport.Cost(
            roles: now.roles(since: before, threadsUntil: until), settled: settled,
            loadCPUMilliseconds: (LoadClock.ownProcessorTime() - ownBefore) / 1_000 + workerMilliseconds,
            checksNeeded: checksNeeded, checkMicroseconds: LoadClock.checkMicroseconds(), processorsUsed: until.processorsUsed(since: before),
            processors: ProcessorUse.processors, ledgerBytes: bytes - min(bytes, bytesBefore))
    }

    /// How busy roles were while payments were sent, and which of them holds the network back.
    func bottleneck() -> Bottleneck? {
        let until = sendingEnd ?? ProcessorUse(members)
        return Bottleneck.find(
            until.roles(since: before), processorsUsed: until.processorsUsed(since: before), processors: ProcessorUse.processors,
            spanMilliseconds: until.microseconds(since: before) / 1_000)
    }

    private static func bytes(under path: String) -> UInt64 {
        var bytes: UInt64 = 0
        let files = FileManager.default.enumerator(at: URL(fileURLWithPath: path), includingPropertiesForKeys: [.fileSizeKey])
        while let url = files?.nextObject() as? URL {
            if let size = (try? FileManager.default.attributesOfItem(atPath: url.path))?[.size] as? NSNumber { bytes += size.uint64Value }
        }
        return bytes
    }
}
