import Chain
import Cryptography
import Foundation
import Ledger
import WalletDesk
import Wire

/// Follows a chain by its headers, asking all its nodes and believing none (A9), and keeps what it has verified in a file.
///
/// The file is a row of entries, each: length of the rest u32, kind u8 (1 a `Headers`, 2 a `Handover`), the message's bytes. It is only
/// added to; an entry that was cut off is fetched again. Whoever reads it verifies it again.
final class HeaderDownload {
    private let inquiry: Inquiry
    private let chain: ChainID
    private let path: String?
    private(set) var client: LightClient

    private enum EntryKind: UInt8 { case headers = 1, handover = 2 }

    init(_ inquiry: Inquiry, chain: ChainID, path: String?) {
        self.inquiry = inquiry
        self.chain = chain
        self.path = path
        client = LightClient(chain: chain, network: inquiry.configuration.network)
    }

    // MARK: the file

    /// Reads and verifies what is kept.
    static func read(_ path: String, chain: ChainID, network: Network) throws -> LightClient {
        var client = LightClient(chain: chain, network: network)
        _ = try load(path, into: &client)
        return client
    }

    /// - Returns: bytes of the whole entries.
    @discardableResult
    private static func load(_ path: String, into client: inout LightClient) throws -> Int {
        let bytes = try BinaryFile.read(path, byteCountMax: 1 << 30, whenMissing: "Make one: concordat headers --out \(path)")
        var offset = 0
        while offset + 5 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 1, offset + 4 + length <= bytes.count else { break }
            let message = Array(bytes[offset + 5..<offset + 4 + length])
            guard take(EntryKind(rawValue: bytes[offset + 4]), message, into: &client) else {
                throw Failure(
                    .failed, "\(path): the entry at byte \(offset) does not follow from those before it, or is of another chain or network",
                    "Remove the file and run the command again.")
            }
            offset += 4 + length
        }
        return offset
    }

    private static func take(_ kind: EntryKind?, _ message: [UInt8], into client: inout LightClient) -> Bool {
        switch kind {
        case .headers: (try? HeaderRun(decoding: message)).map { client.extend(by: $0) == nil } ?? false
        case .handover: (try? Handover(decoding: message)).map { client.learn($0) } ?? false
        case nil: false
        }
    }

    /// Goes on from what is kept.
    func resume() throws {
        guard let path, FileManager.default.fileExists(atPath: path) else { return }
        let whole = try HeaderDownload.load(path, into: &client)
        if let handle = FileHandle(forWritingAtPath: path) {
            try handle.truncate(atOffset: UInt64(whole))
            try handle.close()
        }
    }

    private func keep(_ kind: EntryKind, _ message: [UInt8]) throws {
        guard let path else { return }
        let length = UInt32(message.count + 1)
        let entry = (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [kind.rawValue] + message
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(.failed, "\(path) cannot be written: \(String(cString: strerror(errno)))", "Name another file, or check its owner and mode.")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(entry))
        } catch {
            throw Failure(.failed, "\(path) cannot be written", "Check the free space, then run the command again: it goes on from what is kept.")
        }
    }

    // MARK: the network

    private var services: [String] {
        (inquiry.configuration.network.chain(chain)?.listed ?? []).map { Service.name(.consensus, chain: chain, node: $0.id) }
    }

    /// The archive: a chain's nodes have not the blocks that they passed by a snapshot.
    private var recorders: [String] { inquiry.configuration.network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) } }

    /// Fetches headers until no node shows a further one.
    ///
    /// - Parameter progress: the height reached.
    func follow(progress: (Height) -> Void) throws {
        var isFirst = true
        var hasMore = true
        while hasMore {
            hasMore = false
            let request = Request.fetchHeaders(chain: chain, from: client.height + 1, limit: Limits.headersPerAnswer)
            let answers = try inquiry.ask((services + recorders).map { ($0, request) })
            guard !isFirst || answers.contains(where: { $0 != nil }) else {
                throw Failure(.unreachable, "no node of \(chain) answers", "See how the network is: concordat status. Start it: concordat up")
            }
            isFirst = false
            for case .headers(let run, _)? in answers where run.last.map({ $0.header.height > client.height }) ?? false {
                var reason = client.extend(by: run)
                if reason == .epochUnknown, try learn() { reason = client.extend(by: run) }
                guard reason == nil else { continue }
                try keep(.headers, run.encoded)
                hasMore = true
                progress(client.height)
            }
        }
    }

    /// What a proof shows of an account, after fetching who voted where that is not known yet.
    func account(_ key: PublicKey, in proof: StateProof, at final: FinalHeader) throws -> Result<Account?, Reason> {
        let found = client.account(key, in: proof, at: final)
        guard case .failure(.epochUnknown) = found, try learn() else { return found }
        return client.account(key, in: proof, at: final)
    }

    /// Follows the electorates of this chain and of the notaries as far as nodes show them.
    private func learn() throws -> Bool {
        var hasLearned = false
        var hasMore = true
        while hasMore {
            hasMore = false
            for subject in Set([chain, .notary]).sorted() where inquiry.configuration.network.chain(subject)?.epochs != nil {
                let request = Request.fetchHandovers(chain: subject, from: client.newestEpoch(of: subject) + 1)
                for answer in try inquiry.ask((recorders + (subject == chain ? services : [])).map { ($0, request) }) {
                    guard case .handovers(let handovers)? = answer else { continue }
                    for handover in handovers where handover.epoch == client.newestEpoch(of: handover.chain) + 1 && client.learn(handover) {
                        try keep(.handover, handover.encoded)
                        (hasLearned, hasMore) = (true, true)
                    }
                }
            }
        }
        return hasLearned
    }
}
