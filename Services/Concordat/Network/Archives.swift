import Cryptography
import Foundation
import RoleKit
import Runtime
import WalletDesk
import Wire

/// Where final blocks of every chain are read from: the recorders of a network that runs, or one recorder's store on this machine.
enum Archives {
    case recorders(Inquiry)
    case store(RecorderArchive)

    /// Opens a recorder's data folder, and the archive beside it that has its older blocks.
    ///
    /// - Parameter location: where that archive is; nil for where the store says.
    static func open(_ folder: String, _ network: Network, location: ArchiveLocation? = nil) throws -> Archives {
        let reader: StoreReader
        do throws(RoleStoreFault) {
            reader = try StoreReader(folder: folder, network: network.id)
        } catch {
            throw Failure(.configuration, "\(folder) is no recorder's store: \(error.summary)", "Name a folder such as .concordat/data/notary-1/recorder.notary.")
        }
        guard reader.role.role == .recorder else {
            throw Failure(.configuration, "\(folder) is the store of \(reader.role)", "Recorders keep the archive: name a folder such as .concordat/data/notary-1/recorder.notary.")
        }
        return .store(try RecorderArchive(reader, network, location: location))
    }

    /// Blocks of a chain from a height on, once from every archive that has some; they prove nothing by themselves.
    func blocks(of chain: ChainID, from height: Height) throws -> [[FinalBlock]] {
        switch self {
        case .store(let archive):
            let rows = try archive.rows(of: chain, from: height, limit: Archives.blocksAtOnce)
            return [rows.prefix { !$0.isDamaged }.compactMap { try? FinalBlock(decoding: $0.value, network: archive.network.id) }].filter { !$0.isEmpty }
        case .recorders(let inquiry):
            let request = Request.fetchBlocks(chain: chain, from: height, limit: Limits.blocksPerAnswer)
            let services = inquiry.configuration.network.notary.listed.map { Service.name(.recorder, chain: .notary, node: $0.id) }
            let answers = try inquiry.ask(services.map { ($0, request) })
            guard answers.contains(where: { $0 != nil }) else {
                throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status. When it is down, read a recorder's store: --archive FOLDER")
            }
            return answers.compactMap { answer in
                guard case .blocks(let blocks, _)? = answer, !blocks.isEmpty else { return nil }
                return blocks
            }
        }
    }

    /// Blocks read from a store at a time.
    private static let blocksAtOnce = 256
}
