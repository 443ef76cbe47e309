import Cryptography
import Schema

/// The terms of an exchange or a peg as a client declares and signs them (A14). Checked in form; whether they may be taken is the notary chain's rule.
package struct DeclaredTerms: Hashable, Sendable {
    /// Exact bytes of a ContractTerms; what is signed and what states commit to.
    package let body: [UInt8]
    /// With the reserve accounts that follow from the contract's id.
    package let contract: Contract
    /// The client, who alone may declare further versions.
    package let deployer: PublicKey

    /// What may be exchanged on one chain.
    package struct Party: Hashable, Sendable {
        package var chain: ChainID
        package var asset: AssetID

        package init(chain: ChainID, asset: AssetID) {
            self.chain = chain
            self.asset = asset
        }
    }

    /// Writes terms; the reserves of `contract` do not matter.
    ///
    /// - Throws: the field that is out of form, as reading would.
    package init(_ contract: Contract, deployer: PublicKey, network: Digest) throws(WireFault) {
        var message = PBContractTerms()
        message.id = contract.id
        message.version = contract.version
        message.first = DeclaredTerms.message(contract.first)
        message.second = DeclaredTerms.message(contract.second)
        message.rateNumerator = contract.rateNumerator
        message.rateDenominator = contract.rateDenominator
        message.minimumAmount = contract.minimumAmount
        message.maximumAmount = contract.maximumAmount
        message.deadlineMaximumMilliseconds = contract.deadlineMaximumMilliseconds
        message.deployer = deployer.data
        if let peg = contract.peg { message.peg = peg.message }
        if let brakes = contract.brakes.first { message.firstBrakes = brakes.message }
        if let brakes = contract.brakes.second { message.secondBrakes = brakes.message }
        try self.init(decoding: Field.encode(message), network: network)
    }

    /// Reads a body.
    ///
    /// - Throws: a fault that names the field.
    package init(decoding body: [UInt8], network: Digest) throws(WireFault) {
        let terms = try Field.canonical(PBContractTerms.self, body, "ContractTerms")
        guard ContractName.isValid(terms.id) else { throw WireFault(.invalid, "ContractTerms.id") }
        guard terms.version > 0 else { throw WireFault(.invalid, "ContractTerms.version") }
        try Field.present(terms.hasFirst, "ContractTerms.first")
        try Field.present(terms.hasSecond, "ContractTerms.second")
        let first = try DeclaredTerms.side(terms.first, of: terms.id, network: network, "ContractTerms.first")
        let second = try DeclaredTerms.side(terms.second, of: terms.id, network: network, "ContractTerms.second")
        guard first.chain != second.chain else { throw WireFault(.invalid, "ContractTerms.second") }
        guard terms.rateNumerator > 0 else { throw WireFault(.invalid, "ContractTerms.rate_numerator") }
        guard terms.rateDenominator > 0 else { throw WireFault(.invalid, "ContractTerms.rate_denominator") }
        guard terms.minimumAmount > 0 else { throw WireFault(.invalid, "ContractTerms.minimum_amount") }
        guard terms.maximumAmount >= terms.minimumAmount else { throw WireFault(.invalid, "ContractTerms.maximum_amount") }
        let peg = terms.hasPeg ? try PegTerms(terms.peg) : nil
        if peg == nil {
            guard (1...Limits.agreementDeadlineMilliseconds).contains(terms.deadlineMaximumMilliseconds) else {
                throw WireFault(.invalid, "ContractTerms.deadline_maximum_milliseconds")
            }
        } else {
            guard terms.rateNumerator == 1, terms.rateDenominator == 1, terms.deadlineMaximumMilliseconds == 0,
                second.asset == PegTerms.wrapped(first.asset, of: first.chain)
            else { throw WireFault(.invalid, "ContractTerms.peg") }
        }
        let brakes = ContractBrakes(
            first: terms.hasFirstBrakes ? try SideBrakes(terms.firstBrakes, "ContractTerms.first_brakes") : nil,
            second: terms.hasSecondBrakes ? try SideBrakes(terms.secondBrakes, "ContractTerms.second_brakes") : nil)
        guard peg != nil || brakes.longestDelayMilliseconds < terms.deadlineMaximumMilliseconds else {
            throw WireFault(.invalid, "ContractTerms.deadline_maximum_milliseconds")
        }
        self.body = body
        deployer = try Field.key(terms.deployer, "ContractTerms.deployer")
        contract = Contract(
            id: terms.id, version: terms.version, first: first, second: second, rateNumerator: terms.rateNumerator,
            rateDenominator: terms.rateDenominator, minimumAmount: terms.minimumAmount, maximumAmount: terms.maximumAmount,
            deadlineMaximumMilliseconds: terms.deadlineMaximumMilliseconds, peg: peg, brakes: brakes)
    }

    private static func message(_ side: ContractSide) -> PBContractParty {
        var message = PBContractParty()
        message.chain = side.chain.description
        message.asset = side.asset.description
        return message
    }

    private static func side(_ message: PBContractParty, of id: String, network: Digest, _ field: String) throws(WireFault) -> ContractSide {
        let chain = try Field.subChain(message.chain, field)
        return ContractSide(
            chain: chain, asset: try Field.asset(message.asset, field), reserve: ContractName.reserve(of: id, on: chain, network: network))
    }

    /// Names them, for claims and in the state tree of every chain that knows them.
    package var name: [UInt8] { ContractName.bytes(contract.id, version: contract.version) }

    /// What has to hold for them to be the deployer's.
    package func check(_ signature: Signature, network: Digest) -> SignatureCheck {
        SignatureCheck(key: deployer, signature: signature, message: Domain.deploy.preimage(network: network, body))
    }
}

/// Names of contracts that are declared while the network runs.
package enum ContractName {
    /// 1 to 32 of a-z, 0-9 and `-`, and not the name of the terms that need no contract.
    package static func isValid(_ text: String) -> Bool { text != Agreement.id && ChainID(text) != nil }

    /// Id padded to 32, version u32.
    ///
    /// - Precondition: the id has the form of a name.
    package static func bytes(_ id: String, version: UInt32) -> [UInt8] {
        NodeName.padded(id) + UInt64(version).bigEndianBytes.suffix(4)
    }

    /// The account that takes what is paid under a contract on one chain and pays what is owed there, whatever the version. Nobody has a key to it.
    package static func reserve(of id: String, on chain: ChainID, network: Digest) -> PublicKey {
        PublicKey(Blake2b.hash(.reserve, network.bytes + chain.text.padded.bytes + Array(id.utf8)))
    }
}

extension Network {
    /// Whether an account is a reserve as far as a cross transaction under some contract goes: one that the network describes, or the one that
    /// follows from the contract's id. Its debits need no authorization; whether the terms allow them is another question.
    package func isReserve(_ account: PublicKey, on chain: ChainID, under contract: String) -> Bool {
        if isReserve(account, on: chain) { return true }
        guard contract != Agreement.id, !contracts.contains(where: { $0.id == contract }) else { return false }
        return ContractName.reserve(of: contract, on: chain, network: id) == account
    }
}
