import Cryptography
import OrderedCollections
import Wire

/// Chains that notaries admit, and that have not joined yet (A16).
struct JoinDesk: Sendable {
    /// What one notary says, by the description's hash.
    private struct Key: Hashable {
        var body: Digest
        var notary: PublicKey
    }

    private var admissions: OrderedDictionary<Key, Admission> = [:]

    /// All of them, oldest first.
    var all: [Admission] { Array(admissions.values) }

    func has(_ admission: Admission) -> Bool {
        admissions[Key(body: admission.body.hash, notary: admission.authorization.key)] != nil
    }

    /// Of one notary the newest few are kept: whoever admits too much drops its own.
    mutating func add(_ admission: Admission) {
        let notary = admission.authorization.key
        let own = admissions.keys.filter { $0.notary == notary }
        if own.count >= Limits.admissionsPerNotary, let oldest = own.first { admissions[oldest] = nil }
        admissions[Key(body: admission.body.hash, notary: notary)] = admission
    }

    /// A chain of this name has joined.
    mutating func forget(_ chain: ChainID) { admissions.removeAll { $0.value.body.chain.id == chain } }

    /// Those who wait, in the order in which they were first admitted.
    var applicants: [Joins.Applicant] {
        var applicants: OrderedDictionary<Digest, Joins.Applicant> = [:]
        for (key, admission) in admissions {
            applicants[key.body, default: .init(body: admission.body, notaries: [])].notaries.append(key.notary)
        }
        return Array(applicants.values.prefix(Limits.applicants))
    }

    /// What could stand in a notary block, with the admissions of these notaries in their order.
    func joins(members: [PublicKey]) -> [Join] {
        var bodies: OrderedSet<Digest> = []
        for key in admissions.keys { bodies.append(key.body) }
        return bodies.compactMap { body in
            let given = members.compactMap { admissions[Key(body: body, notary: $0)] }
            return given.first.map { Join(body: $0.body, signatures: $0.signatures, admissions: given.map(\.authorization)) }
        }
    }
}
