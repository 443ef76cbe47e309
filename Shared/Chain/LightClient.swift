import Cryptography
import Ledger
import Wire

/// What a device keeps of one chain: its headers, every one final, from the first block on (A9).
///
/// Nothing that a node answers is believed: each run of headers ends in one that the voters of its slot have made final, and each
/// electorate is signed by the one before, from the network's description on.
package struct LightClient: Sendable {
    package let chain: ChainID
    private let book: ElectorateBook
    private var checker: CertificateChecker
    /// The newest header, final by itself; nil before the first.
    package private(set) var newest: FinalHeader?
    /// Hashes of all headers, by height from 1.
    private var hashes: [Digest] = []

    /// - Parameter verify: judges signatures.
    package init(chain: ChainID, network: Network, verify: @escaping @Sendable (SignatureCheck) -> Bool = { $0.holds }) {
        precondition(network.chain(chain) != nil, "a device follows a chain of its network")
        self.chain = chain
        book = ElectorateBook(network: network)
        checker = CertificateChecker(book: book, verify: verify)
    }

    /// Height of the newest header, 0 before the first.
    package var height: Height { Height(hashes.count) }

    /// The newest epoch of a chain whose electorate is known here.
    package func newestEpoch(of chain: ChainID) -> Epoch { book.newestEpoch(of: chain) }

    /// Whether a block is one of those kept.
    package func contains(_ header: BlockHeader) -> Bool {
        header.height > 0 && header.height <= height && hashes[Int(header.height) - 1] == header.hash
    }

    /// Takes an electorate that the one before has signed.
    ///
    /// - Returns: false when it has not, or its own signers are not known here yet.
    package mutating func learn(_ handover: Handover) -> Bool {
        guard let entry = checker.entry(shownBy: handover) else { return false }
        book.learn(entry, of: handover.chain, isShown: true)
        return true
    }

    /// Goes on by a run of headers.
    ///
    /// - Returns: nil when they are kept now; else why none of them is: epochUnknown while an electorate is missing.
    package mutating func extend(by run: HeaderRun) -> Reason? {
        guard let last = run.last else { return .notFound }
        var parent = hashes.last ?? book.network.genesisHash(of: chain)
        var next = height + 1
        for header in run.headers + [last.header] {
            guard header.chain == chain else { return .wrongChain }
            guard header.height == next, header.parent == parent else { return .wrongParent }
            parent = header.hash
            next += 1
        }
        if let reason = checker.fault(in: last) { return reason }
        hashes += run.headers.map(\.hash) + [last.hash]
        newest = last
        return nil
    }

    /// What a proof shows of an account at the newest final block of a sub-chain that it comes with.
    ///
    /// - Returns: the account, nil inside for none; or why the proof is not to be believed.
    package mutating func account(_ key: PublicKey, in proof: StateProof, at final: FinalHeader) -> Result<Account?, Reason> {
        guard final.header.chain == chain else { return .failure(.wrongChain) }
        if let reason = checker.fault(in: final) { return .failure(reason) }
        guard EvidenceCheck.root(of: proof, for: StateKey.account(key)) == final.header.stateRoot else { return .failure(.evidenceInvalid) }
        guard let value = proof.value else { return .success(nil) }
        guard let account = Account(decoding: value), account.key == key else { return .failure(.evidenceInvalid) }
        return .success(account)
    }
}
