import Cryptography
import Wire

/// A contract as a client writes it, to be declared while the network runs (A14; docs/network.md).
package enum ContractFile {
    /// What is odd about terms that can be declared all the same, or will never be of use.
    package struct Finding: Hashable, Sendable {
        /// Whether nothing could ever be exchanged under the terms as they stand.
        package var isFatal: Bool
        /// What it is, a clause without a full stop.
        package var problem: String
        /// What to do, a sentence.
        package var advice: String
    }

    /// Bytes that such a file may have.
    private static let bytesMaximum = 64 * 1024

    /// Reads a file.
    ///
    /// - Returns: the contract; its version is nil where the file leaves it to the next one.
    /// - Throws: what is wrong with the file, where, and what to do.
    package static func read(_ path: String, network: Network, names: (String) -> PublicKey? = { _ in nil }) throws(NetworkFileFault) -> (contract: Contract, version: UInt32?) {
        let text = try TextFile.read(path, byteCountMax: bytesMaximum, whenMissing: "Name a contract's file, for example examples/contracts/bureau.yaml.")
        return try read(text, file: path, network: network, names: names)
    }

    /// Reads a file's text.
    ///
    /// - Parameter names: whom a name means that stands where a member's address is expected.
    package static func read(
        _ text: String, file: String, network: Network, names: (String) -> PublicKey? = { _ in nil }
    ) throws(NetworkFileFault) -> (contract: Contract, version: UInt32?) {
        let section = try DocumentField.document(text, file: file)
            .mapping(["id", "version", "sides", "rate", "minimum", "maximum", "deadline_maximum_milliseconds", "peg"])
        let idField = try section.required("id")
        let id = try Names.name(idField)
        guard ContractName.isValid(id) else {
            throw idField.fault("\(id) names the terms that need no contract", "Call the contract something else.")
        }
        let version = try section.optional("version")?.number(1...UInt64(UInt32.max)).truncated
        let sidesField = try section.required("sides")
        let sides = try sidesField.list(atMost: 2)
        guard sides.count == 2 else { throw sidesField.fault("a contract has two sides", "Give both, each on its chain.") }
        let (first, second) = (try side(sides[0], of: id, network), try side(sides[1], of: id, network))
        guard first.chain != second.chain else { throw sidesField.fault("both sides are on \(first.chain)", "Put them on two chains.") }
        let contract = try ContractSection.terms(
            section, id: id, version: version ?? 1, (first, second), sidesField, brakes: try BrakeSection.read(sides),
            deadlineMaximum: Limits.agreementDeadlineMilliseconds, names: names)
        return (contract, version)
    }

    private static func side(_ field: DocumentField, of id: String, _ network: Network) throws(NetworkFileFault) -> ContractSide {
        let section = try field.mapping(["chain", "asset"] + BrakeSection.keys)
        let chainField = try section.required("chain")
        let chain = try Names.chain(chainField)
        guard network.chains.contains(where: { $0.id == chain }) else {
            throw chainField.fault("there is no chain \(chain)", "Chains are: \(network.chains.map(\.id.description).joined(separator: ", ")).")
        }
        let assetField = try section.required("asset")
        return ContractSide(
            chain: chain, asset: try Names.asset(assetField.text(), assetField), reserve: ContractName.reserve(of: id, on: chain, network: network.id))
    }

    /// What somebody should know before a contract is declared.
    package static func findings(_ contract: Contract, network: Network) -> [Finding] {
        var findings: [Finding] = []
        if network.contracts.contains(where: { $0.id == contract.id }) {
            findings.append(
                Finding(isFatal: true, problem: "the network's description has a contract \(contract.id) already", advice: "Call this one something else."))
        }
        for side in contract.peg == nil ? [contract.first, contract.second] : [contract.first] {
            let assets = network.chain(side.chain)?.genesis.flatMap { $0.balances.map(\.asset) } ?? []
            guard !assets.contains(side.asset) else { continue }
            findings.append(
                Finding(
                    isFatal: true, problem: "there is no asset \(side.asset) on \(side.chain)",
                    advice: "Assets there: \(Set(assets).map(\.description).sorted().joined(separator: ", "))."))
        }
        findings += BrakeFindings.all(contract)
        return findings + (contract.peg.map { pegFindings($0, contract, network) } ?? numberFindings(contract))
    }

    private static func pegFindings(_ peg: PegTerms, _ contract: Contract, _ network: Network) -> [Finding] {
        var findings: [Finding] = []
        for (what, members) in [("locks", peg.issuers), ("redemptions", peg.releasers)] {
            if members.threshold * 2 <= members.keys.count {
                findings.append(
                    Finding(
                        isFatal: false, problem: "\(members.threshold) of \(members.keys.count) members attest \(what): fewer than half of them can let value through",
                        advice: "A threshold above half is usual."))
            }
            if members.threshold == members.keys.count, members.keys.count > 1 {
                findings.append(
                    Finding(
                        isFatal: false, problem: "all \(members.keys.count) members have to attest \(what): one that is gone stops the peg",
                        advice: "Lower the threshold, or be ready to deploy a new version."))
            }
        }
        let supply = network.chain(contract.second.chain)?.genesis.flatMap(\.balances).contains { $0.asset == contract.second.asset } ?? false
        if supply {
            findings.append(
                Finding(
                    isFatal: true, problem: "\(contract.second.chain) has \(contract.second.asset) from its beginning, which nothing is locked for",
                    advice: "Wrap an asset that the side chain does not have yet."))
        }
        return findings
    }

    private static func numberFindings(_ contract: Contract) -> [Finding] {
        var findings: [Finding] = []
        let common = commonDivisor(contract.rateNumerator, contract.rateDenominator)
        let (numerator, denominator) = (contract.rateNumerator / common, contract.rateDenominator / common)
        if common > 1 {
            findings.append(
                Finding(
                    isFatal: false, problem: "the rate \(contract.rateNumerator)/\(contract.rateDenominator) is \(numerator)/\(denominator)",
                    advice: "Write it so: smaller numbers overflow later."))
        }
        for (side, other, step, factor) in [
            (contract.first, contract.second, denominator, contract.rateNumerator), (contract.second, contract.first, numerator, contract.rateDenominator),
        ] {
            if step > contract.maximumAmount || contract.maximumAmount / step * step < contract.minimumAmount {
                findings.append(
                    Finding(
                        isFatal: true, problem: "no amount from \(contract.minimumAmount) to \(contract.maximumAmount) \(side.asset) buys whole units of \(other.asset)",
                        advice: "Only multiples of \(step) come out even: move the bounds, or change the rate."))
            } else if step > 1 {
                findings.append(
                    Finding(
                        isFatal: false, problem: "only multiples of \(step) \(side.asset) can be paid for \(other.asset)", advice: "Choose the rate so that this suits payers."))
            }
            if contract.maximumAmount.multipliedReportingOverflow(by: factor).overflow {
                findings.append(
                    Finding(
                        isFatal: false, problem: "amounts above \(UInt64.max / factor) \(side.asset) are beyond what 64 bits hold", advice: "Lower the maximum."))
            }
        }
        if contract.deadlineMaximumMilliseconds < shortestDeadlineMilliseconds {
            findings.append(
                Finding(
                    isFatal: false, problem: "receivers have at most \(contract.deadlineMaximumMilliseconds) ms to answer",
                    advice: "Blocks alone take about a second: give at least \(shortestDeadlineMilliseconds) ms."))
        }
        return findings
    }

    /// Below it a payment will hardly come through.
    private static let shortestDeadlineMilliseconds: UInt64 = 5_000

    private static func commonDivisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var (large, small) = (first, second)
        while small > 0 { (large, small) = (small, large % small) }
        return large
    }
}

extension UInt64 {
    /// As a version, within whose bounds it has been found to be.
    fileprivate var truncated: UInt32 { UInt32(truncatingIfNeeded: self) }
}
