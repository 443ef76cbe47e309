import Cryptography
import Wire

/// The part `peg` of a contract: who attests what crosses it (B2 to B5; docs/network.md).
enum PegSection {
    /// - Parameter names: whom a name means, where members may be named so.
    static func read(
        _ field: DocumentField, _ sides: (first: ContractSide, second: ContractSide), _ place: DocumentField, names: (String) -> PublicKey?
    ) throws(NetworkFileFault) -> PegTerms {
        let section = try field.mapping(["issuers", "releasers"])
        let issuers = try members(section.required("issuers"), names)
        let releasers: PegTerms.Members
        if let field = section.optional("releasers") { releasers = try members(field, names) } else { releasers = issuers }
        let wrapped = PegTerms.wrapped(sides.first.asset, of: sides.first.chain)
        guard let wrapped, sides.second.asset == wrapped else {
            let name = wrapped?.description ?? "a name of at most 32 characters"
            throw place.fault("the asset on \(sides.second.chain) does not carry its origin", "Call it \(name).")
        }
        return PegTerms(issuers: issuers, releasers: releasers)
    }

    private static func members(_ field: DocumentField, _ names: (String) -> PublicKey?) throws(NetworkFileFault) -> PegTerms.Members {
        let section = try field.mapping(["threshold", "keys"])
        let list = try section.required("keys")
        var keys: [PublicKey] = []
        for element in try list.list(atMost: Limits.pegMembers) {
            let text = try element.text()
            let key: PublicKey
            if let known = names(text) { key = known } else { key = try Names.address(element) }
            guard !keys.contains(key) else { throw element.fault("\(text) stands there twice", "Name each member once.") }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw list.fault("nobody attests", "Name at least one member.") }
        let threshold = try section.required("threshold")
        let count = try threshold.number(0...UInt64(Limits.pegMembers))
        guard count > 0 else { throw threshold.fault("a threshold of 0 lets anybody make value", "Let at least one member attest.") }
        guard count <= keys.count, let members = PegTerms.Members(keys, threshold: Int(count)) else {
            throw threshold.fault("\(count) of \(keys.count) can never be reached", "Lower the threshold, or name more members.")
        }
        return members
    }

    static func lines(of peg: PegTerms) -> [String] {
        func line(_ name: String, _ members: PegTerms.Members) -> String {
            "      \(name): { threshold: \(members.threshold), keys: [\(members.keys.map { "\($0.address)" }.joined(separator: ", "))] }"
        }
        return ["    peg:", line("issuers", peg.issuers), line("releasers", peg.releasers)]
    }
}
