import Cryptography
import Ledger
import RoleKit
import Wire

/// What mined chains, elections, hand-overs, freezes and thaws say: the recorded network has none of them.
extension Seeds {
    mutating func addChains() {
        addMined()
        addElection()
        addContracts()
        addBrakes()
        addPegs()
        addStatusChanges()
        addLeave()
        addInner()
    }

    var network: Digest { Stage.network.id }
    var notaries: [Signer] { Stage.network.notary.nodes.compactMap { Stage.cast.nodeSigners[$0.id] } }
    private var nodes: [Signer] { Stage.network.chains[0].nodes.compactMap { Stage.cast.nodeSigners[$0.id] } }
    var place: Digest { Blake2b.hash(Array("a block".utf8)) }

    mutating func add(_ message: Message, to roles: [Role], by publisher: RoleAddress) {
        add("message", message.encoded())
        let position = Stage.addresses.firstIndex(of: publisher) ?? 0
        addToRoles(roles, Script.Step(0, [UInt8(position)] + message.encoded()))
    }

    mutating func add(_ request: Request, to roles: [Role]) {
        add("request", request.encoded())
        addToRoles(roles, Script.Step(2, [1] + request.encoded()))
    }

    private mutating func addToRoles(_ roles: [Role], _ step: Script.Step) {
        for (door, address) in RoleStage.all where roles.contains(address.role) {
            add("role-\(door)", Script([step, Script.Step(4, [50])]).bytes)
        }
    }

    mutating func add(_ transaction: Transaction, on choice: UInt8) { add("transaction", [choice] + transaction.bytes) }

    // MARK: mined chains

    private func header(_ chain: ChainID, by builder: Signer, work: Bool) -> BlockHeader {
        var fields = BlockHeader.Fields(
            chain: chain, height: 1, epoch: 0, slot: 1, parent: BlockHeader.genesisHash(of: chain, network: network), parentSlot: 0,
            time: 1_700_000_001_000, transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: place,
            notaryHeight: 0, notaryHead: .zero, builder: builder.publicKey)
        guard work else { return BlockHeader(fields) }
        fields.workTarget = UInt64.max / 16
        var search = NonceSearch(MiningJob(BlockHeader(fields)))
        while fields.workNonce == 0 { fields.workNonce = search.search(64) ?? 0 }
        return BlockHeader(fields)
    }

    func notaryFinal() -> FinalHeader {
        let header = header(.notary, by: notaries[0], work: false)
        let statement = Statement(chain: .notary, epoch: 0, slot: 1, kind: .final, hash: header.hash)
        let votes = notaries.indices.map { ($0, notaries[$0].sign(.vote, network: network, statement.payload)) }
        return FinalHeader(
            header: header, builderSignature: notaries[0].sign(.candidate, network: network, header.bytes), notary: nil,
            finality: Certificate(statement: statement, signers: SignerSet(votes, of: notaries.count)), descendants: [])
    }

    private mutating func addMined() {
        let header = header(Stage.alpha, by: nodes[0], work: true)
        let payload = NotaryStatement(header, epoch: 0).payload
        let signatures = notaries.indices.map { ($0, notaries[$0].sign(.notary, network: network, payload)) }
        let certified = CertifiedCandidate(
            header: header, builderSignature: nodes[0].sign(.candidate, network: network, header.bytes),
            notary: NotaryCertificate(epoch: 0, signers: SignerSet(signatures, of: notaries.count)))
        let entry = ChainHead(chain: Stage.alpha, height: 1, hash: header.hash, time: header.time)
        let head = RecordedHead(notary: notaryFinal(), proof: StateProof(value: entry.encoded, siblings: [place, .zero, place], other: nil))
        func final(_ finality: Finality, _ descendants: [BlockHeader] = []) -> FinalHeader {
            FinalHeader(
                header: header, builderSignature: certified.builderSignature, notary: certified.notary, finality: finality,
                descendants: descendants)
        }
        let crosses = [CrossData(xid: place, operation: 3, chains: [Stage.alpha, Stage.beta])]
        add("header", header.bytes)
        add("certified", certified.encoded)
        add("final-header", final(.recorded(head)).encoded)
        add(.final(final(.recorded(head))), to: [.collector, .validator], by: RoleStage.all[2].address)
        let block = Block(header: header, builderSignature: certified.builderSignature, transactions: [], outcomes: [], foreign: [])
        add("block", block.encoded)
        add("final-block", FinalBlock(block: block, final: final(.recorded(head))).encoded)
        add("final-block", FinalBlock(block: block, final: nil, certified: certified).encoded)
        add(Transaction(.record(Record(final: final(.pending), crosses: crosses)), chain: .notary, network: network), on: 2)
        for head in [head, nil] {
            let recorded = Recorded(chain: Stage.alpha, head: head)
            add(.recorded(recorded), to: [.consensus, .validator, .builder], by: RoleStage.all[5].address)
            add("response", Response.recorded(recorded).encoded)
        }
        for isConfirmed in [true, false] {
            let notarized = Notarized(notary: "notary-1", certified: certified, crosses: crosses, isConfirmed: isConfirmed)
            add(.notarized(notarized), to: [.recorder, .consensus], by: RoleStage.all[4].address)
        }
        add(.fetchRecorded(Stage.alpha), to: [.recorder])
    }

    // MARK: elections and hand-overs

    private mutating func addElection() {
        let candidacies = [
            Candidacy(node: "notary-1", number: 1, network: network, signer: notaries[0]),
            Candidacy(node: "notary-4", number: 7, network: network, signer: notaries[3], newKey: Stage.cast.people[0]),
            Candidacy(node: "notary-4", number: UInt64.max, isWithdrawn: true, network: network, signer: notaries[3]),
        ]
        let ballots = [["notary-4", "notary-1"], []].map {
            Ballot(chain: Stage.alpha, approved: $0, number: 2, network: network, signer: nodes[0])
        }
        let closing = Closing(chain: Stage.alpha, epoch: 0, network: network, signer: notaries[1])
        let kinds = candidacies.map(Transaction.Kind.candidacy) + ballots.map(Transaction.Kind.ballot) + [.closing(closing)]
        for transaction in kinds.map({ Transaction($0, chain: .notary, network: network) }) {
            add(transaction, on: 2)
            add(.nomination(Nomination(transaction)), to: [.recorder], by: RoleStage.all[5].address)
            add(.nominate(transaction.bytes), to: [.recorder])
        }
        add(.election, to: [.recorder])
        let view = ElectionView(height: 3, slot: 4, candidacies: candidacies.prefix(2).map(CandidacyEntry.init), ballots: ballots.map(BallotEntry.init))
        add("response", Response.election(view).encoded)
        for candidacy in candidacies { add("candidacy-entry", CandidacyEntry(candidacy).encoded) }
        for ballot in ballots { add("ballot-entry", BallotEntry(ballot).encoded) }
        add("closing-entry", ClosingEntry(chain: Stage.alpha, epoch: 0, nodes: ["notary-1", "notary-2"]).encoded)
        let members = Stage.network.chains[0].nodes.map { Electorate.Member(node: $0.id, key: $0.key, weight: 7) }
        for (chain, heights) in [(Stage.alpha, []), (ChainID.notary, [EpochEntry.FirstHeight(chain: Stage.alpha, height: 9)])] {
            let entry = EpochEntry(epoch: 1, seed: place, members: members, firstHeights: heights)
            let header = header(chain, by: nodes[0], work: false)
            let statement = Statement(chain: chain, epoch: 0, slot: 1, kind: .final, hash: header.hash)
            let final = FinalHeader(
                header: header, builderSignature: nodes[0].sign(.candidate, network: network, header.bytes),
                notary: chain == .notary ? nil : NotaryCertificate(epoch: 0, signers: SignerSet([], of: notaries.count)),
                finality: Certificate(statement: statement, signers: SignerSet([], of: nodes.count)), descendants: [])
            let handover = Handover(chain: chain, epoch: 1, final: final, proof: StateProof(value: entry.encoded, siblings: [place], other: nil))
            add(.handover(handover), to: [.consensus, .validator, .recorder, .builder, .collector], by: RoleStage.all[2].address)
            add("response", Response.handovers([handover]).encoded)
            add(.fetchHandovers(chain: chain, from: 1), to: [.consensus, .recorder])
            add("receipt", Receipt(id: place, parts: [], handovers: [handover]).encoded)
            for run in [HeaderRun(headers: [header], last: final), HeaderRun(headers: [], last: nil)] {
                add("headers", run.encoded)
                add("response", Response.headers(run, head: 1).encoded)
            }
            add("response", Response.accountProof(final, handover.proof).encoded)
            add(.fetchHeaders(chain: chain, from: 1, limit: 9), to: [.consensus])
            if chain != .notary { add(.fetchAccountProof(chain: chain, account: nodes[0].publicKey), to: [.consensus]) }
        }
        add(.fetchStakes(Stage.alpha), to: [.collector])
        add(.fetchHolds(HoldsQuery(chain: Stage.alpha)), to: [.collector])
        let place = HoldsQuery.Place(height: 1, xid: Digest.zero)
        add(.fetchHolds(HoldsQuery(chain: Stage.beta, account: Stage.cast.people[0].publicKey, after: place, limit: 1)), to: [.collector])
    }

    // MARK: contracts

    private mutating func addContracts() {
        let sides = [(Stage.alpha, "X"), (Stage.beta, "Y")].map { ContractSide(chain: $0, asset: AssetID($1)!, reserve: Stage.cast.people[0].publicKey) }
        let deployer = Stage.cast.people[Stage.cast.people.count - 1]
        for version in [1, UInt32.max] {
            let contract = Contract(
                id: "bureau", version: version, first: sides[0], second: sides[1], rateNumerator: 3, rateDenominator: 2, minimumAmount: 1,
                maximumAmount: UInt64.max, deadlineMaximumMilliseconds: 60_000)
            guard let terms = try? DeclaredTerms(contract, deployer: deployer.publicKey, network: network) else {
                preconditionFailure("a seed's terms have the form of a contract")
            }
            let signature = deployer.sign(.deploy, network: network, terms.body)
            let entry = ContractEntry(terms: terms, node: nodes[0].publicKey, height: 1)
            let proof = StateProof(value: entry.encoded, siblings: [place], other: nil)
            let deploy = Transaction(
                .deploy(Deploy(terms: terms, signature: signature, network: network, node: nodes[nodes.count - 1])), chain: .notary, network: network)
            let evidence = StateEvidence(block: place, proof: proof)
            add(deploy, on: 2)
            add(.nomination(Nomination(deploy)), to: [.recorder], by: RoleStage.all[5].address)
            add(.nominate(deploy.bytes), to: [.recorder])
            add(Transaction(.adopt(Adopt(id: "bureau", version: version, evidence: evidence)), chain: Stage.alpha, network: network), on: 0)
            add("contract-entry", entry.encoded)
            add(.sponsor(terms, signature), to: [.collector])
            add(.contract(id: "bureau", version: version), to: [.consensus])
            add(.contracts(from: 0, limit: 9), to: [.recorder])
            add("response", Response.contracts([entry], count: 1).encoded)
            let header = header(.notary, by: notaries[0], work: false)
            let final = FinalHeader(
                header: header, builderSignature: notaries[0].sign(.candidate, network: network, header.bytes), notary: nil,
                finality: Certificate(
                    statement: Statement(chain: .notary, epoch: 0, slot: 1, kind: .final, hash: header.hash), signers: SignerSet([], of: notaries.count)),
                descendants: [])
            add("response", Response.contract(final, proof).encoded)
            let notice = ContractNotice(
                chain: Stage.alpha, id: "bureau", version: version, final: final, evidence: evidence, notary: RoleStage.all[3].address.node)
            add(.contract(notice), to: [.collector, .validator, .builder], by: RoleStage.all[3].address)
        }
    }

    // MARK: pegs

    private mutating func addPegs() {
        let people = Stage.cast.people
        for version in [1, UInt32.max] {
            let order = BridgeOrder(
                .lock, chain: Stage.alpha, network: network, contract: "vault", version: version, amount: UInt64(version), receiver: people[1].publicKey,
                nonce: 3, memo: "m", signer: people[0])
            let redeem = BridgeOrder(
                .redeem, chain: Stage.alpha, network: network, contract: "vault", version: version, amount: 1, receiver: people[1].publicKey, nonce: 4, memo: "",
                signer: people[0])
            let lock = Transaction(.lock(order), chain: Stage.alpha, network: network)
            add(lock, on: 0)
            add(Transaction(.redeem(redeem), chain: Stage.alpha, network: network), on: 0)
            for kind in BridgeItem.Kind.allCases {
                let item = BridgeItem(
                    kind: kind, contract: "vault", version: version, order: lock.id, sender: people[0].publicKey, receiver: people[1].publicKey,
                    amount: UInt64(version), height: 1, time: 2)
                add("bridge-item", item.encoded)
                add(.bridge(BridgeQuery(contract: "vault", kind: kind, fromHeight: 1, orders: [lock.id])), to: [.collector])
                add(.bridgeProof(BridgeProofQuery(contract: "vault", kind: kind, order: lock.id)), to: [.collector])
                add("response", Response.bridge(BridgeView(version: version, height: 1, lane: 2, returned: 1, items: [item])).encoded)
                guard kind == .locked || kind == .redeemed else { continue }
                let shown = StateProof(value: item.encoded, siblings: [place], other: nil)
                let proof = BridgeProof(
                    contract: "vault", version: version, origin: Stage.beta, order: lock.id, evidence: StateEvidence(block: place, proof: shown),
                    attestations: nodes.prefix(2).map { BridgeAttestation(item, on: Stage.beta, version: version, network: network, signer: $0) })
                add(Transaction(kind == .locked ? .issue(proof) : .release(proof), chain: Stage.alpha, network: network), on: 0)
                let header = header(Stage.beta, by: nodes[0], work: false)
                let final = FinalHeader(
                    header: header, builderSignature: nodes[0].sign(.candidate, network: network, header.bytes), notary: nil,
                    finality: Certificate(
                        statement: Statement(chain: Stage.beta, epoch: 0, slot: 1, kind: .final, hash: header.hash), signers: SignerSet([], of: nodes.count)),
                    descendants: [])
                add(.attest(proof, final), to: [.collector])
                add("response", Response.bridgeShown(final, shown).encoded)
            }
            add("lane-entry", LaneEntry(contract: "vault", amount: UInt64(version)).encoded)
            add("meter", MeterEntry(contract: "vault", asset: AssetID("X")!).encoded)
            add("response", Response.attested(have: 1, threshold: 2).encoded)
        }
    }

    // MARK: freezes and thaws

    private mutating func addStatusChanges() {
        let genesis = BlockHeader.genesisHash(of: Stage.alpha, network: network)
        for (frozen, since) in [(true, Height(0)), (false, 9), (true, UInt64.max)] {
            let consents = notaries.map { Consent(chain: Stage.alpha, wish: frozen ? .freeze : .thaw, since: since, network: network, signer: $0) }
            let head = frozen ? StatusChange.Head(height: since == 0 ? 0 : 7, hash: since == 0 ? genesis : place) : nil
            for count in [2, 3] {
                let change = StatusChange(chain: Stage.alpha, head: head, since: since, consents: consents.prefix(count).map(\.authorization))
                add(Transaction(.status(change), chain: .notary, network: network), on: 2)
            }
            for consent in consents.suffix(2) {
                add(.consent(consent), to: [.recorder], by: RoleStage.all[5].address)
                add(.consent(consent), to: [.recorder])
            }
        }
        let status = ChainStatus(chain: Stage.beta, isFrozen: true, height: 7, hash: place, notaryHeight: 9)
        let thawed = ChainStatus(chain: Stage.beta, isFrozen: false, height: 0, hash: genesis, notaryHeight: UInt64.max)
        let left = ChainStatus(chain: Stage.beta, isFrozen: true, hasLeft: true, height: 7, hash: place, notaryHeight: 9)
        for entry in [status, thawed, left] { add("status-entry", entry.encoded) }
        let frozen = StateEvidence(block: place, proof: StateProof(value: status.encoded, siblings: [place], other: nil))
        let evidence = StateEvidence(block: place, proof: StateProof(value: nil, siblings: [place], other: nil))
        add(Transaction(.refund(Resolution(xid: place, evidence: evidence, frozen: frozen)), chain: Stage.alpha, network: network), on: 0)
        addFrozenNotice(evidence, frozen)
        add("response", Response.frozen(notaryFinal(), frozen.proof).encoded)
        add("response", Response.frozen(notaryFinal(), evidence.proof).encoded)
        let states = [
            ChainState(chain: Stage.alpha, height: 0, hash: genesis, frozen: false, since: 0, time: 0, consents: []),
            ChainState(
                chain: Stage.beta, height: 7, hash: place, frozen: true, since: 9, time: 5, consents: ["notary-1", "notary-2"], left: true,
                leavers: ["beta-1", "notary-1"]),
        ]
        add("response", Response.chains(states).encoded)
        add(.chains, to: [.recorder])
        add(.frozen(Stage.alpha), to: [.consensus])
    }

    /// A chain's nodes and the notaries want it to leave.
    private mutating func addLeave() {
        let (nodes, id) = (Stage.cast.network.chain(Stage.beta)?.nodes ?? [], network)
        let signers = nodes.compactMap { Stage.cast.nodeSigners[$0.id] }
        let wish = { (signer: Signer) in Consent(chain: Stage.beta, wish: .leave, since: 9, network: id, signer: signer) }
        for count in [0, signers.count] {
            let change = StatusChange(
                chain: Stage.beta, head: .init(height: 7, hash: place), since: 9, consents: notaries.map { wish($0).authorization },
                nodes: signers.prefix(count).map { wish($0).authorization })
            add(Transaction(.status(change), chain: .notary, network: network), on: 2)
        }
        for signer in signers.prefix(1) + notaries.prefix(1) {
            add(.consent(wish(signer)), to: [.recorder], by: RoleStage.all[5].address)
            add(.consent(wish(signer)), to: [.recorder])
        }
    }

    /// A refund of a chain that waits for one that is frozen.
    private mutating func addFrozenNotice(_ evidence: StateEvidence, _ frozen: StateEvidence) {
        let people = Stage.cast.people
        let asset = Stage.cast.assets
        let cross = CrossTransaction(
            network: network, contract: "alpha-beta", contractVersion: 1,
            legs: [
                Leg(chain: Stage.alpha, debit: people[0].publicKey, credit: people[1].publicKey, asset: asset[Stage.alpha]!, amount: 1),
                Leg(chain: Stage.beta, debit: people[2].publicKey, credit: people[3].publicKey, asset: asset[Stage.beta]!, amount: 1),
            ],
            deadline: 1_700_000_060_000, nonce: 1, memo: "", signers: [people[0]])
        let notice = LegNotice(
            chain: Stage.alpha, purpose: .refund, cross: cross, foreign: [notaryFinal()], evidence: [evidence], notary: "notary-1",
            frozen: frozen)
        add("leg-notice", notice.encoded)
        add("notice", Notice.leg(notice).encoded)
        add(.leg(notice), to: [.collector], by: RoleStage.all[4].address)
    }

    // MARK: inside one notary

    private mutating func addInner() {
        let signer = notaries[0]
        for generation in [UInt64(0), 1, UInt64.max] {
            let head = BranchHead(
                notary: "notary-1", chain: Stage.beta, height: 8, block: place, crosses: [CrossData(xid: place, operation: 7, chains: [])],
                relied: generation == 0 ? 8 : 7, generation: generation)
            add(.branch(head), to: [.validator, .recorder, .consensus], by: RoleAddress(role: .validator, chain: Stage.beta, node: "notary-1"))
            let release = ReleaseQuery(chain: Stage.beta, above: 7, generation: generation, network: network, signer: signer)
            add(.release(release), to: [.validator, .consensus])
        }
        for (height, frozen) in [(Height(0), true), (1, false), (UInt64.max, true)] {
            let stand = StandQuery(
                chain: Stage.alpha, height: height, hash: place, frozen: frozen, notaryHeight: 1, notaryBlock: place, network: network, signer: signer)
            add(.stand(stand), to: [.validator])
        }
        for granted in [true, false] { add("response", Response.granted(granted).encoded) }
    }
}
