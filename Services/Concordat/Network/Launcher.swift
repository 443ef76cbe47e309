import BusShell
import BuilderCore
import CollectorCore
import ConsensusCore
import Cryptography
import Foundation
import Logging
import RecorderCore
import RoleKit
import Runtime
import ValidatorCore
import Wire

/// What `run --role` can start: a role instance, or the bus of a site.
enum ProcessName: Hashable, Sendable, CustomStringConvertible {
    case role(RoleAddress)
    case bus(site: String)

    init?(_ text: String) {
        if text.hasPrefix("bus@") {
            self = .bus(site: String(text.dropFirst(4)))
        } else {
            guard let address = RoleAddress(text) ?? RoleAddress(text + "/1") else { return nil }
            self = .role(address)
        }
    }

    var description: String {
        switch self {
        case .role(let address): address.description
        case .bus(let site): "bus@\(site)"
        }
    }
}

/// Starts buses and roles in this process.
final class Launcher: Sendable {
    let folder: NetworkFolder
    let configuration: NetworkConfiguration
    let passphrase: String?
    /// Every role shares this process, over doors within it.
    let isLocal: Bool
    let notaryStrategy: NotaryStrategy
    /// Newest protocol version that is spoken (BUS-27).
    let wireVersion: UInt32
    /// Where recorders keep older blocks.
    let archive: ArchiveSettings
    /// Where a bus listens instead of on the hosts of its endpoints; nil for those.
    let bindAddress: BindAddress?
    private let context = ZMQContext(threads: 1)

    init(folder: NetworkFolder, configuration: NetworkConfiguration, passphrase: String?, isLocal: Bool, notaryStrategy: NotaryStrategy,
        wireVersion: UInt32 = BusLimits.protocolVersion, archive: ArchiveSettings = ArchiveSettings(), bindAddress: BindAddress? = nil
    ) {
        self.bindAddress = bindAddress
        self.wireVersion = wireVersion
        self.archive = archive
        self.folder = folder
        self.configuration = configuration
        self.passphrase = passphrase
        self.isLocal = isLocal
        self.notaryStrategy = notaryStrategy
    }

    /// Every process of the network, buses first.
    static func processes(of configuration: NetworkConfiguration, collectors: Int) -> [ProcessName] {
        configuration.sites.map { .bus(site: $0.id) } + configuration.roles(collectorsPerNode: collectors).map { .role($0) }
    }

    /// The ZAP handler of the context; one for all buses of the process.
    func authenticator() throws -> ZMQAuthenticator { try ZMQAuthenticator(context) }

    func startBus(_ site: String, authenticator: ZMQAuthenticator, logger: Logger) throws -> BusService {
        guard let description = configuration.site(site) else {
            throw Failure(.usage, "there is no site \(site) in \(folder.networkFile)", "Sites: \(configuration.sites.map(\.id).joined(separator: ", "))")
        }
        let plan = try busConfiguration(description, of: configuration)
        do {
            return try BusService(context: context, authenticator: authenticator, configuration: plan, logger: logger)
        } catch {
            throw Failure(.failed, "the bus of \(site) cannot open its doors: \(error)", bindAdvice(description))
        }
    }

    /// What the bus of a site is started with.
    func busConfiguration(_ site: SiteDescription, of configuration: NetworkConfiguration) throws -> BusConfiguration {
        let key = try KeyFile.readTransport(folder.transportKey(site.memberName))
        var plan = BusPlan.configuration(site, of: configuration, key: key, isLocal: isLocal)
        plan.rules.versions = BusLimits.oldestProtocolVersion...wireVersion
        if let bindAddress { plan.doors = bindAddress.doors(of: plan.doors) }
        return plan
    }

    private func bindAdvice(_ site: SiteDescription) -> String {
        if bindAddress == nil, let name = site.endpoints.all.compactMap(BindAddress.hostName).first {
            return "network.yaml names the host \(name); say which address of this machine that is: concordat run --role bus@\(site.id) --bind 0.0.0.0"
        }
        for endpoint in site.endpoints.all {
            guard case .tcp(_, let port)? = Endpoint(endpoint), let holder = Ports.holder(of: port) else { continue }
            return "Port \(port) is held by \(holder.name) (process \(holder.processID)). Stop it, or make the network with --port-base 0."
        }
        return "Make the network with other ports: concordat init --port-base 0."
    }

    /// Starts a role's thread. `failed` is told when it ends by itself.
    func startRole(_ address: RoleAddress, logger: Logger, failed: @escaping @Sendable (any Error) -> Void) throws -> any RoleHosting {
        guard let node = configuration.node(address.node), let site = configuration.site(of: address) else {
            throw Failure(.usage, "there is no node \(address.node) in \(folder.networkFile)", "See concordat status for the names of nodes.")
        }
        guard configuration.member(address.memberName) != nil else {
            throw Failure(.usage, "the node \(address.node) has no role \(address.memberName)", "See the members in \(folder.networkFile).")
        }
        let pair = try KeyFile.readIdentity(folder.identityKey(address.node), passphrase: passphrase)
        guard pair.publicKey == node.node.key else {
            throw Failure(.configuration, "\(folder.identityKey(address.node)): its public key is not the one of \(address.node) in network.yaml", "Put the right key file there.")
        }
        let later = LaterKeys(folder, node: address.node, passphrase: passphrase)
        var settings = RoleHostSettings(
            context: RoleContext(
                network: configuration.network, address: address, signer: pair.signer, notaryStrategy: notaryStrategy,
                laterKeys: { later.signer(for: $0) }),
            folder: folder.data(of: address), bus: try busClient(address, site), archive: archive,
            // Consensus asks its peers what it has signed (V-10), and builders and recorders leave out a turn; a validator has nobody to ask.
            mark: address.role == .validator ? SigningMark(folder.signingMark(of: address)) : nil)
        settings.bus.versions = BusLimits.oldestProtocolVersion...wireVersion
        switch address.role {
        case .collector: return try RoleHost(CollectorRole.self, context: context, settings: settings, logger: logger, failed: failed)
        case .builder: return try RoleHost(BuilderRole.self, context: context, settings: settings, logger: logger, failed: failed)
        case .consensus where configuration.network.chain(address.chain)?.engine == .pow:
            return try RoleHost(MinedConsensusRole.self, context: context, settings: settings, logger: logger, failed: failed)
        case .consensus: return try RoleHost(ConsensusRole.self, context: context, settings: settings, logger: logger, failed: failed)
        case .validator: return try RoleHost(ValidatorRole.self, context: context, settings: settings, logger: logger, failed: failed)
        case .recorder: return try RoleHost(RecorderRole.self, context: context, settings: settings, logger: logger, failed: failed)
        }
    }

    private func busClient(_ address: RoleAddress, _ site: SiteDescription) throws -> BusClientConfiguration {
        guard !isLocal else {
            let doors = BusDoors.local(site.id)
            return BusClientConfiguration(
                name: address.description, network: configuration.network.id, door: doors.members, fanOut: doors.fanOut, identity: nil)
        }
        let key = try KeyFile.readTransport(folder.transportKey(address.memberName))
        return BusClientConfiguration(
            name: address.description, network: configuration.network.id, door: site.endpoints.members, fanOut: site.endpoints.publish,
            identity: TransportIdentity(key: key, serverKey: site.key))
    }
}
