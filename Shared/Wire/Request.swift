import Cryptography
import Schema

/// A request to a service, checked in form.
package indirect enum Request: Hashable, Sendable {
    /// Exact bytes of a transaction; parsed by the collector, which knows its chain.
    case submit([UInt8])
    /// By transaction id or xid.
    case status(Digest)
    case account(PublicKey)
    case watch(Watch)
    case answer(Answer)
    case fetchBlocks(chain: ChainID, from: Height, limit: Int)
    case fetchBlock(chain: ChainID, hash: Digest)
    case validate(Block)
    case receipt(Digest)
    case trace(Digest)
    case head(ChainID)
    case fetchLegs(PublicKey)
    /// Offences that the notary chain has recorded, from a number on.
    case offences(from: UInt64, limit: Int)
    /// Part 0 is the description of the newest snapshot at or below a height, 0 for any; parts of one of exactly that height count from 1.
    case fetchSnapshot(chain: ChainID, height: Height, part: Int)
    /// The newest votes seen of a node.
    case fetchSigned(chain: ChainID, signer: PublicKey)
    /// What the notary chain has recorded of a chain.
    case fetchRecorded(ChainID)
    /// Who votes on a chain, from an epoch on.
    case fetchHandovers(chain: ChainID, from: Epoch)
    /// What stands behind the nodes of a pos chain.
    case fetchStakes(ChainID)
    /// Where the election of the next notaries stands.
    case election
    /// Exact bytes of a candidacy, a ballot, a closing or a Deploy.
    case nominate([UInt8])
    /// An operator's signed wish that a chain be frozen or thawed, or leave.
    case consent(Consent)
    /// How the sub-chains stand on the notary chain.
    case chains
    case release(ReleaseQuery)
    case stand(StandQuery)
    /// What shows a chain's status on the notary chain.
    case frozen(ChainID)
    /// Headers of final blocks, for who keeps no bodies (A9).
    case fetchHeaders(chain: ChainID, from: Height, limit: Int)
    /// What an account owns, with a proof (A9).
    case fetchAccountProof(chain: ChainID, account: PublicKey)
    /// What shows a contract's terms on the notary chain (A14).
    case contract(id: String, version: UInt32)
    /// Contracts that the notary chain holds, from a position on.
    case contracts(from: UInt64, limit: Int)
    /// A client's terms, for its node to hand in.
    case sponsor(DeclaredTerms, Signature)
    /// How a peg stands, and its orders (B1, B4).
    case bridge(BridgeQuery)
    /// What shows an order of a peg, or what it became.
    case bridgeProof(BridgeProofQuery)
    /// Attestations of an order, for the chain where it is to appear.
    case attest(BridgeProof, FinalHeader)
    /// What shows how far a target is stopped on the notary chain (G-5).
    case pause(PauseTarget)
    /// An operator's signed wish about a target.
    case pauseConsent(PauseConsent)
    /// How all targets stand.
    case pauses
    /// What slows value down on a chain.
    case brakes
    /// An operator's signed word that a chain may join (A16).
    case admit(Admission)
    /// Chains that have joined, and those that would.
    case joins
    /// What a chain holds for cross transactions that have not ended on it.
    case fetchHolds(HoldsQuery)

    package init(decoding bytes: [UInt8], network: Digest) throws(WireFault) {
        try Field.count(bytes.count, atMost: Limits.blockBytes, "Request")
        let message = try Field.decode(PBRequest.self, bytes, "Request")
        switch message.request {
        case .submit(let item):
            try Field.count(item.transaction.count, atMost: Limits.transactionBytes, "Submit.transaction")
            self = .submit([UInt8](item.transaction))
        case .status(let item): self = .status(try Field.digest(item.id, "StatusQuery.id"))
        case .account(let item): self = .account(try Field.key(item.account, "AccountQuery.account"))
        case .watch(let item): self = .watch(try Watch(item))
        case .answer(let item): self = .answer(try Answer(item))
        case .fetchBlocks(let item):
            let chain = try Field.chain(item.chain, "FetchBlocks.chain")
            self = .fetchBlocks(chain: chain, from: item.from, limit: min(Int(item.limit), Limits.blocksPerAnswer))
        case .fetchBlock(let item):
            self = .fetchBlock(chain: try Field.chain(item.chain, "FetchBlock.chain"), hash: try Field.digest(item.hash, "FetchBlock.hash"))
        case .validate(let item):
            try Field.present(item.hasCandidate, "ValidateCandidate.candidate")
            self = .validate(try Block(item.candidate, network: network))
        case .receipt(let item): self = .receipt(try Field.digest(item.id, "ReceiptQuery.id"))
        case .trace(let item): self = .trace(try Field.digest(item.id, "TraceQuery.id"))
        case .head(let item): self = .head(try Field.chain(item.chain, "HeadQuery.chain"))
        case .fetchLegs(let item): self = .fetchLegs(try Field.key(item.account, "FetchLegs.account"))
        case .offences(let item): self = .offences(from: item.from, limit: min(Int(item.limit), Limits.offencesPerAnswer))
        case .fetchSnapshot(let item):
            let chain = try Field.chain(item.chain, "FetchSnapshot.chain")
            try Field.count(Int(item.part), atMost: Limits.snapshotParts, "FetchSnapshot.part")
            self = .fetchSnapshot(chain: chain, height: item.height, part: Int(item.part))
        case .fetchSigned(let item):
            let chain = try Field.chain(item.chain, "FetchSigned.chain")
            self = .fetchSigned(chain: chain, signer: try Field.key(item.signer, "FetchSigned.signer"))
        case .fetchRecorded(let item): self = .fetchRecorded(try Field.chain(item.chain, "FetchRecorded.chain"))
        case .fetchHandovers(let item): self = .fetchHandovers(chain: try Field.chain(item.chain, "FetchHandovers.chain"), from: item.from)
        case .fetchStakes(let item): self = .fetchStakes(try Field.chain(item.chain, "FetchStakes.chain"))
        case .election: self = .election
        case .nominate(let item):
            try Field.count(item.transaction.count, atMost: Limits.transactionBytes, "Nominate.transaction")
            self = .nominate([UInt8](item.transaction))
        case .consent(let item): self = .consent(try Consent(item))
        case .chains: self = .chains
        case .release(let item): self = .release(try ReleaseQuery(item))
        case .stand(let item): self = .stand(try StandQuery(item))
        case .frozen(let item): self = .frozen(try Field.subChain(item.chain, "FrozenQuery.chain"))
        case .fetchHeaders(let item):
            self = .fetchHeaders(
                chain: try Field.chain(item.chain, "FetchHeaders.chain"), from: item.from, limit: min(Int(item.limit), Limits.headersPerAnswer))
        case .fetchAccountProof(let item):
            let chain = try Field.subChain(item.chain, "FetchAccountProof.chain")
            self = .fetchAccountProof(chain: chain, account: try Field.key(item.account, "FetchAccountProof.account"))
        case .contract(let item):
            guard ContractName.isValid(item.id) else { throw WireFault(.invalid, "ContractQuery.id") }
            self = .contract(id: item.id, version: item.version)
        case .contracts(let item): self = .contracts(from: item.from, limit: min(Int(item.limit), Limits.contractsPerAnswer))
        case .sponsor(let item):
            let terms = try DeclaredTerms(decoding: [UInt8](item.body), network: network)
            self = .sponsor(terms, try Field.signature(item.signature, "Sponsor.signature"))
        case .bridge(let item): self = .bridge(try BridgeQuery(item))
        case .bridgeProof(let item): self = .bridgeProof(try BridgeProofQuery(item))
        case .attest(let item):
            try Field.present(item.hasProof && item.hasFinal, "Attest.proof")
            self = .attest(try BridgeProof(item.proof), try FinalHeader(item.final))
        case .pause(let item): self = .pause(try PauseTarget(item))
        case .pauseConsent(let item): self = .pauseConsent(try PauseConsent(item))
        case .pauses: self = .pauses
        case .brakes: self = .brakes
        case .admit(let item): self = .admit(try Admission(item))
        case .joins: self = .joins
        case .fetchHolds(let item): self = .fetchHolds(try HoldsQuery(item))
        case nil: throw WireFault(.missing, "Request.request")
        }
    }

    /// The bytes that go to the bus.
    package func encoded(traceparent: String = "") -> [UInt8] {
        var message = PBRequest()
        message.traceparent = traceparent
        switch self {
        case .submit(let bytes): message.submit.transaction = Digest.dataOf(bytes)
        case .status(let id): message.status.id = id.data
        case .account(let key): message.account.account = key.data
        case .watch(let watch): message.watch = watch.message
        case .answer(let answer): message.answer = answer.message
        case .fetchBlocks(let chain, let from, let limit):
            message.fetchBlocks.chain = chain.description
            message.fetchBlocks.from = from
            message.fetchBlocks.limit = UInt32(limit)
        case .fetchBlock(let chain, let hash):
            message.fetchBlock.chain = chain.description
            message.fetchBlock.hash = hash.data
        case .validate(let block): message.validate.candidate = block.message
        case .receipt(let id): message.receipt.id = id.data
        case .trace(let id): message.trace.id = id.data
        case .head(let chain): message.head.chain = chain.description
        case .fetchLegs(let key): message.fetchLegs.account = key.data
        case .offences(let from, let limit): (message.offences.from, message.offences.limit) = (from, UInt32(limit))
        case .fetchSnapshot(let chain, let height, let part):
            message.fetchSnapshot.chain = chain.description
            message.fetchSnapshot.height = height
            message.fetchSnapshot.part = UInt32(part)
        case .fetchSigned(let chain, let signer):
            message.fetchSigned.chain = chain.description
            message.fetchSigned.signer = signer.data
        case .fetchRecorded(let chain): message.fetchRecorded.chain = chain.description
        case .fetchHandovers(let chain, let from):
            message.fetchHandovers.chain = chain.description
            message.fetchHandovers.from = from
        case .fetchHolds(let query): message.fetchHolds = query.message
        case .fetchStakes(let chain): message.fetchStakes.chain = chain.description
        case .election: message.election = PBElectionQuery()
        case .nominate(let bytes): message.nominate.transaction = Digest.dataOf(bytes)
        case .consent(let consent): message.consent = consent.message
        case .chains: message.chains = PBChainQuery()
        case .release(let query): message.release = query.message
        case .stand(let query): message.stand = query.message
        case .frozen(let chain): message.frozen.chain = chain.description
        case .fetchHeaders(let chain, let from, let limit):
            message.fetchHeaders.chain = chain.description
            message.fetchHeaders.from = from
            message.fetchHeaders.limit = UInt32(limit)
        case .fetchAccountProof(let chain, let account):
            message.fetchAccountProof.chain = chain.description
            message.fetchAccountProof.account = account.data
        case .contract(let id, let version): (message.contract.id, message.contract.version) = (id, version)
        case .contracts(let from, let limit): (message.contracts.from, message.contracts.limit) = (from, UInt32(limit))
        case .sponsor(let terms, let signature):
            message.sponsor.body = Digest.dataOf(terms.body)
            message.sponsor.signature = signature.data
        case .bridge(let query): message.bridge = query.message
        case .bridgeProof(let query): message.bridgeProof = query.message
        case .attest(let proof, let final):
            message.attest.proof = proof.message
            message.attest.final = final.message
        case .pause(let target): message.pause.target = target.message
        case .pauseConsent(let consent): message.pauseConsent = consent.message
        case .pauses: message.pauses = .init()
        case .brakes: message.brakes = .init()
        case .admit(let admission): message.admit = admission.message
        case .joins: message.joins = PBJoinQuery()
        }
        return Field.encode(message)
    }
}

/// A device asks to be told of what waits for it.
package struct Watch: Hashable, Sendable {
    package var account: PublicKey
    package var signature: Signature
    /// The device's clock, Unix milliseconds.
    package var time: UInt64

    /// Signs one.
    package init(time: UInt64, network: Digest, signer: Signer) {
        account = signer.publicKey
        self.time = time
        signature = signer.sign(.watch, network: network, signer.publicKey.bytes + time.bigEndianBytes)
    }

    /// What has to hold for the signature to be the account's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(
            key: account, signature: signature, message: Domain.watch.preimage(network: network, account.bytes + time.bigEndianBytes))
    }

    init(_ message: PBWatch) throws(WireFault) {
        account = try Field.key(message.account, "Watch.account")
        signature = try Field.signature(message.signature, "Watch.signature")
        time = message.timeMilliseconds
    }

    var message: PBWatch {
        var message = PBWatch()
        message.account = account.data
        message.signature = signature.data
        message.timeMilliseconds = time
        return message
    }
}

/// A receiver's signed answer to a leg (S880).
package struct Answer: Hashable, Sendable {
    package var xid: Digest
    /// False: refused.
    package var confirmed: Bool
    package var reason: String
    package var authorization: Authorization

    /// Signs one.
    package init(xid: Digest, refusal: String?, network: Digest, signer: Signer) {
        self.xid = xid
        confirmed = refusal == nil
        reason = refusal ?? ""
        authorization = Authorization(
            key: signer.publicKey,
            signature: confirmed
                ? signer.sign(.confirm, network: network, xid.bytes)
                : signer.sign(.refuse, network: network, xid.bytes + Array(reason.utf8)))
    }

    /// One that was signed elsewhere.
    ///
    /// - Precondition: a consent has no reason.
    package init(xid: Digest, confirmed: Bool, reason: String, authorization: Authorization) {
        precondition(!confirmed || reason.isEmpty, "only a refusal has a reason")
        self.xid = xid
        self.confirmed = confirmed
        self.reason = reason
        self.authorization = authorization
    }

    /// What has to hold for the signature to be the account's.
    package func check(network: Digest) -> SignatureCheck {
        confirmed
            ? SignatureCheck(
                key: authorization.key, signature: authorization.signature,
                message: Domain.confirm.preimage(network: network, xid.bytes))
            : SignatureCheck(
                key: authorization.key, signature: authorization.signature,
                message: Domain.refuse.preimage(network: network, xid.bytes + Array(reason.utf8)))
    }

    init(_ message: PBAnswer) throws(WireFault) {
        try Field.present(message.hasAuthorization, "Answer.authorization")
        xid = try Field.digest(message.xid, "Answer.xid")
        confirmed = message.confirmed
        reason = try Field.text(message.reason, atMost: Limits.memoBytes, "Answer.reason")
        authorization = try Authorization(message.authorization, "Answer.authorization")
        guard !confirmed || reason.isEmpty else { throw WireFault(.invalid, "Answer.reason") }
    }

    var message: PBAnswer {
        var message = PBAnswer()
        message.xid = xid.data
        message.confirmed = confirmed
        message.reason = reason
        message.authorization = authorization.message
        return message
    }
}
