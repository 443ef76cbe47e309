import Cryptography
import Wire

/// The section `consequences`: what notaries do by themselves (R8).
enum ConsequencesSection {
    static func read(_ field: DocumentField?) throws(NetworkFileFault) -> Consequences {
        var consequences = Consequences()
        guard let field else { return consequences }
        let section = try field.mapping(["two_finals", "silent_milliseconds"])
        if let value = section.optional("two_finals") {
            let names = Consequences.Consequence.allCases.map(\.rawValue)
            guard let consequence = Consequences.Consequence(rawValue: try value.text(atMost: 16)) else {
                throw value.fault("there is no such consequence", "Use one of: \(names.joined(separator: ", ")).")
            }
            consequences.twoFinals = consequence
        }
        if let value = section.optional("silent_milliseconds") { consequences.silentMilliseconds = try value.number(0...86_400_000) }
        return consequences
    }
}

/// The section `timing`: each timeout may be given, the others keep their defaults.
enum TimingSection {
    static func read(_ field: DocumentField?) throws(NetworkFileFault) -> Timing {
        var timing = Timing()
        guard let field else { return timing }
        let section = try field.mapping(TimingFields.all.map(\.name))
        for (name, path) in TimingFields.all {
            if let value = section.optional(name) { timing[keyPath: path] = try value.number(1...86_400_000) }
        }
        guard timing.isConsistent else {
            throw field.fault(
                "the timeouts contradict each other",
                "Let candidate_resend < skip < standstill, and leg_resend at most leg_resend_maximum.")
        }
        return timing
    }
}

/// The section `sites`.
enum SiteSection {
    private static let sitesMax = 256

    static func read(_ field: DocumentField) throws(NetworkFileFault) -> [SiteDescription] {
        var sites: [SiteDescription] = []
        var endpoints: [String] = []
        for element in try field.list(atMost: sitesMax) {
            let section = try element.mapping(["id", "key", "endpoints"])
            let idField = try section.required("id")
            let id = try Names.name(idField)
            guard !sites.contains(where: { $0.id == id }) else { throw idField.fault("the site \(id) occurs twice", "Give each site its own id.") }
            let keyField = try section.required("key")
            let key = try Names.transportKey(keyField)
            guard !sites.contains(where: { $0.key == key }) else {
                throw keyField.fault("another site has this key already", "Give each site its own key.")
            }
            let doors = try section.required("endpoints").mapping(["members", "publish", "clients"])
            var addresses: [String] = []
            for name in ["members", "publish", "clients"] {
                let door = try doors.required(name)
                let endpoint = try Names.endpoint(door)
                guard !endpoints.contains(endpoint) else {
                    throw door.fault("\(endpoint) is given to two doors", "Give each door its own address.")
                }
                endpoints.append(endpoint)
                addresses.append(endpoint)
            }
            sites.append(
                SiteDescription(
                    id: id, endpoints: SiteEndpoints(members: addresses[0], publish: addresses[1], clients: addresses[2]), key: key))
        }
        guard !sites.isEmpty else { throw field.fault("there is no site", "Give at least one; its bus carries every message.") }
        return sites
    }
}

/// The section `members`.
enum MemberSection {
    private static let membersMax = 8192

    static func read(_ field: DocumentField, of configuration: NetworkConfiguration) throws(NetworkFileFault) -> [MemberDescription] {
        var expected: [String: Role] = [:]
        for role in configuration.roles(collectorsPerNode: 1) { expected[role.memberName] = role.role }
        var members: [MemberDescription] = []
        var names: Set<String> = []
        var keys = Set(configuration.sites.map(\.key))
        for element in try field.list(atMost: membersMax) {
            let section = try element.mapping(["name", "role", "key"])
            let nameField = try section.required("name")
            let name = try nameField.text(atMost: 128)
            let roleField = try section.required("role")
            let roleText = try roleField.text()
            guard let role = MemberRole(roleText) else {
                let known = Role.allCases.map(\.rawValue) + ["tap"]
                throw roleField.fault("there is no role \(roleText)", "Roles are \(known.joined(separator: ", ")).")
            }
            try check(name, role, expected, nameField, roleField)
            guard names.insert(name).inserted else { throw nameField.fault("the member \(name) occurs twice", "Keep one of them.") }
            let keyField = try section.required("key")
            let key = try Names.transportKey(keyField)
            guard keys.insert(key).inserted else {
                throw keyField.fault("another member or site has this key already", "Give each its own, or nobody can tell them apart.")
            }
            members.append(MemberDescription(name: name, role: role, key: key))
        }
        for name in expected.keys.sorted() where !names.contains(name) {
            throw field.fault("the member \(name) is missing", "Add it with its role and key; without it that role cannot reach its bus.")
        }
        return members
    }

    private static func check(
        _ name: String, _ role: MemberRole, _ expected: [String: Role], _ field: DocumentField, _ roleField: DocumentField
    ) throws(NetworkFileFault) {
        switch role {
        case .tap:
            guard !name.contains("@"), Names.isName(name) else {
                throw field.fault("\(name) is no name for a tap", "Use small letters, digits and hyphens, at most 32.")
            }
        case .role(let role):
            guard let right = expected[name] else {
                throw field.fault("no role of this network is called \(name)", "Write ROLE.CHAIN@NODE, as in collector.alpha@alpha-1.")
            }
            guard right == role else {
                throw roleField.fault("\(name) is no \(role.rawValue)", "Write: role: \(right.rawValue)")
            }
        }
    }
}

/// Small values that several sections hold.
enum Names {
    /// 1 to 32 of a-z, 0-9 and `-`.
    static func isName(_ text: String) -> Bool { ChainID(text) != nil }

    static func name(_ field: DocumentField) throws(NetworkFileFault) -> String {
        let text = try field.text()
        guard isName(text) else { throw field.fault("\(text) is no name", "Use small letters, digits and hyphens, at most 32.") }
        return text
    }

    static func chain(_ field: DocumentField) throws(NetworkFileFault) -> ChainID {
        guard let id = ChainID(try name(field)) else { preconditionFailure("a name is a chain id") }
        return id
    }

    static func asset(_ text: String, _ field: DocumentField) throws(NetworkFileFault) -> AssetID {
        guard let id = AssetID(text) else {
            throw field.fault("\(text) is no asset", "Use letters, digits, hyphens, dots and slashes, at most 32.")
        }
        return id
    }

    static func address(_ field: DocumentField) throws(NetworkFileFault) -> PublicKey {
        let text = try field.text()
        do {
            return try Address(text).publicKey
        } catch {
            throw field.fault("\(text) is no address: \(error)", "Copy it again; addresses have 61 characters and begin with cc1.")
        }
    }

    static func transportKey(_ field: DocumentField) throws(NetworkFileFault) -> TransportKey {
        let text = try field.text()
        do {
            return try TransportKey(text)
        } catch {
            throw field.fault("this is no transport key: \(error)", "Copy public_key from the key file; it has 40 characters. Quote it.")
        }
    }

    /// `tcp://HOST:PORT` or `ipc://PATH`.
    static func endpoint(_ field: DocumentField) throws(NetworkFileFault) -> String {
        let text = try field.text()
        guard Endpoint(text) != nil else {
            throw field.fault("\(text) is no endpoint", "Write tcp://HOST:PORT with a port from 1 to 65535, or ipc://PATH.")
        }
        return text
    }
}

/// Where something listens.
package enum Endpoint: Hashable, Sendable {
    case tcp(host: String, port: UInt16)
    case ipc(path: String)

    /// - Returns: nil unless the text is `tcp://HOST:PORT` with a port above 0, or `ipc://PATH`.
    package init?(_ text: String) {
        if text.hasPrefix("ipc://"), text.utf8.count > 6 {
            self = .ipc(path: String(text.dropFirst(6)))
        } else {
            guard text.hasPrefix("tcp://"), let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
            else { return nil }
            let host = String(text[text.index(text.startIndex, offsetBy: 6)..<colon])
            guard !host.isEmpty, !host.contains("/") else { return nil }
            self = .tcp(host: host, port: port)
        }
    }
}
