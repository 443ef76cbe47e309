import Runtime
import Wire

/// What one process of `run` is: the bus of a site, or roles of one node.
enum RunPlan: Equatable {
    case bus(site: String)
    case roles([RolePlace])

    /// One role to run.
    struct RolePlace: Hashable {
        /// Of a collector that is to take the first free number, the first number.
        var address: RoleAddress
        /// Which replica it is turns out when it starts.
        var takesFreeReplica: Bool
    }

    /// What follows the slash of a collector that takes the first replica that nobody else runs.
    private static let anyReplica = "/*"

    /// Reads what `--role` says, once or several times.
    init(_ texts: [String]) throws {
        var places: [RolePlace] = []
        for text in texts {
            let place = try RunPlan.read(text)
            guard let place else {
                guard texts.count == 1 else {
                    throw Failure(.usage, "--role \(Console.printable(text)) stands beside other roles", "A bus has a process of its own: concordat run --role \(Console.printable(text))")
                }
                self = .bus(site: String(text.dropFirst(RunPlan.busPrefix.count)))
                return
            }
            guard !places.contains(where: { $0.address.memberName == place.address.memberName }) else {
                throw Failure(.usage, "--role names \(place.address.memberName) twice", "One process runs a role once; start another one for a further collector.")
            }
            places.append(place)
        }
        let nodes = Set(places.map(\.address.node)).sorted()
        guard nodes.count == 1 else {
            throw Failure(.usage, "--role names roles of several nodes: \(nodes.joined(separator: ", "))", "Each node has processes of its own: its keys are nobody else's.")
        }
        self = .roles(places)
    }

    /// Who speaks in the process's log.
    var name: String {
        switch self {
        case .bus(let site): "\(RunPlan.busPrefix)\(site)"
        case .roles(let places):
            places.count > 1 ? places[0].address.node : places[0].takesFreeReplica ? places[0].address.memberName : places[0].address.description
        }
    }

    private static let busPrefix = "bus@"

    /// - Returns: nil for a bus.
    private static func read(_ text: String) throws -> RolePlace? {
        let isAny = text.hasSuffix(anyReplica)
        guard let name = ProcessName(isAny ? String(text.dropLast(anyReplica.count)) : text) else {
            throw Failure(.usage, "--role \(Console.printable(text)) names no role", "Write ROLE.CHAIN@NODE/REPLICA, for example consensus.alpha@alpha-1/1, or bus@SITE.")
        }
        guard case .role(let address) = name else { return nil }
        guard !isAny || address.role == .collector else {
            throw Failure(.usage, "\(Console.printable(text)): a \(address.role.rawValue) signs for its node, and may run once a node only", "Write: --role \(address.memberName)")
        }
        return RolePlace(address: address, takesFreeReplica: isAny)
    }
}
