import Foundation
import Schema
import SwiftProtobuf

/// Replays one chain from genesis: headers, leaders, transactions, outcomes and state roots (invariants 1, 5, 8).
struct ChainReplay {
    private let network: AuditNetwork
    private let chain: AuditChain
    /// Final branches of every chain, to place what blocks say of other chains.
    private let branches: BranchIndex
    private(set) var ledger: LedgerModel
    private(set) var violations: [Violation] = []
    private(set) var transactions = 0
    /// Ids of the transactions that stand in blocks, with the height.
    private(set) var outcomes: [Bytes: UInt64] = [:]
    /// Where each xid was touched, for reports.
    private(set) var heights: [Bytes: UInt64] = [:]
    /// False once a block's effect could not be followed: later state roots say nothing any more.
    private var isOnTrack = true
    private(set) var isConserved = true

    init(network: AuditNetwork, chain: AuditChain, branches: BranchIndex) {
        self.network = network
        self.chain = chain
        self.branches = branches
        ledger = LedgerModel(network: network, chain: chain)
    }

    /// Replays every block; signatures go to the certificate audit's book.
    mutating func run(_ blocks: [ChainBook.Copy], certificates: inout CertificateAudit) {
        var previous: ParsedHeader?
        for copy in blocks {
            checkHeader(copy.header, after: previous)
            replay(copy, certificates: &certificates)
            previous = copy.header
        }
        for fault in ledger.conservationFaults() { report(.conservation, previous?.height ?? 0, fault) }
        isConserved = isConserved && isOnTrack
    }

    private mutating func report(_ invariant: Invariant, _ height: UInt64, _ detail: String) {
        if invariant == .conservation { isConserved = false }
        violations.append(Violation(invariant, chain: chain.id, height: height, detail))
    }

    private mutating func checkHeader(_ header: ParsedHeader, after previous: ParsedHeader?) {
        let parent = previous?.hash ?? network.genesisHash(of: chain.id)
        if header.parent != parent {
            report(
                .replay, header.height,
                previous == nil ? "the first block does not follow this network's genesis: it belongs to another network"
                    : "the block does not follow block \(header.height - 1): its parent is \(Layout.short(header.parent))")
        }
        if header.parentSlot != previous?.slot ?? 0 || header.slot <= header.parentSlot {
            report(.replay, header.height, "slot \(header.slot) after parent slot \(header.parentSlot) does not follow slot \(previous?.slot ?? 0)")
        }
        if header.time <= previous?.time ?? chain.genesisTime {
            report(.replay, header.height, "chain time does not grow: \(header.time) after \(previous?.time ?? chain.genesisTime)")
        }
        // Of which epoch a sub-chain's block is, its notary certificate must show.
        if chain.id == AuditNetwork.notaryName, header.epoch != ledger.stakes.epoch(of: header.slot) {
            report(.replay, header.height, "slot \(header.slot) is not of epoch \(header.epoch)")
        }
        let target = chain.work?.target(
            after: previous?.workTarget ?? chain.work?.easiest ?? 0, elapsed: header.time - min(header.time, previous?.time ?? chain.genesisTime))
        if header.workTarget != target ?? 0 {
            report(.replay, header.height, "its work target is \(header.workTarget), and \(target ?? 0) follows from the block before")
        }
        if header.notaryHeight < previous?.notaryHeight ?? 0 {
            report(.oneFinal, header.height, "the header names notary block \(header.notaryHeight), the block before knew of \(previous?.notaryHeight ?? 0)")
        }
        if let known = branches.hash(AuditNetwork.notaryName, header.notaryHeight), header.notaryHead != known, chain.id != AuditNetwork.notaryName {
            report(.oneFinal, header.height, "the header names a notary block \(header.notaryHeight) that is not on the notary chain")
        }
    }

    private mutating func replay(_ copy: ChainBook.Copy, certificates: inout CertificateAudit) {
        let header = copy.header
        ledger.time = header.time
        ledger.height = header.height
        ledger.slot = header.slot
        ledger.releaseStakes()
        if ledger.chain.election != nil { ledger.settle(header) }
        var evidence: [Bytes: ParsedHeader] = [:]
        for final in copy.block.foreign {
            guard let foreign = judge(final, at: header.height, "a foreign header", certificates: &certificates) else { continue }
            evidence[foreign.hash] = foreign
        }
        var named: Set<Bytes> = []
        for (index, data) in copy.block.transactions.enumerated() {
            let stored = copy.block.outcomes.count > index ? copy.block.outcomes[copy.block.outcomes.startIndex + index] : 0
            named.formUnion(apply(data, number: index, stored: stored, of: header, evidence: evidence, certificates: &certificates))
        }
        if named != Set(copy.block.foreign.map { Sodium.hash(.block, Bytes($0.header)) }) {
            report(.replay, header.height, "the block's foreign headers are not exactly those that its evidence names")
        }
        if ledger.chain.election == nil { ledger.settle(header) }
        let root = ledger.root()
        if isOnTrack, root != header.stateRoot {
            isOnTrack = false
            report(
                .replay, header.height,
                "the state root is \(Layout.short(header.stateRoot)) and replay gives \(Layout.short(root)); later roots were not compared")
        }
    }

    /// Checks a final header of another chain and whether it lies on that chain's final branch.
    private mutating func judge(
        _ final: PBFinalHeader, at height: UInt64, _ what: String, isRecord: Bool = false, certificates: inout CertificateAudit
    ) -> ParsedHeader? {
        let place = Violation(.certificates, chain: chain.id, height: height, "")
        let verdict = certificates.judge(final, at: place, isRecord: isRecord)
        for fault in verdict.faults { report(.certificates, height, "\(what) does not prove a final block: \(fault)") }
        guard let header = verdict.header else { return nil }
        // The chain of a block that has just been recorded may not have stored it as final yet.
        let isNew = isRecord && network.chain(header.chain)?.work != nil && branches.hash(header.chain, header.height) == nil
        if !isNew, let fault = branches.fault(of: header) { report(.oneFinal, height, "\(what) \(fault)") }
        return header
    }

    /// - Returns: the foreign blocks that the transaction's evidence names.
    private mutating func apply(
        _ data: Data, number: Int, stored: UInt8, of header: ParsedHeader, evidence: [Bytes: ParsedHeader],
        certificates: inout CertificateAudit
    ) -> [Bytes] {
        transactions += 1
        let transaction: ParsedTransaction
        do {
            transaction = try ParsedTransaction(data, chain: chain.id, network: network.id)
        } catch {
            isOnTrack = false
            report(.replay, header.height, "transaction \(number) \(error.what)")
            return []
        }
        TransactionSignatures.add(
            transaction, to: &certificates, at: Violation(.replay, chain: chain.id, height: header.height, ""), number: number)
        if case .record(let record) = transaction.kind { check(record, at: header.height, certificates: &certificates) }
        for final in transaction.offence?.finals ?? [] {
            let verdict = certificates.judge(final, at: Violation(.certificates, chain: chain.id, height: header.height, ""))
            for fault in verdict.faults { report(.certificates, header.height, "evidence of two final blocks shows one that is not: \(fault)") }
        }
        if let earlier = outcomes.updateValue(header.height, forKey: transaction.id) {
            report(.acknowledged, header.height, "transaction \(number) (\(Layout.short(transaction.id))) stands in block \(earlier) already")
        }
        if chain.id != AuditNetwork.notaryName, let fault = branches.freezes.fault(in: transaction, of: header, evidence: evidence) {
            report(.allOrNothing, header.height, "transaction \(number) \(fault)")
        }
        if let xid = transaction.xid { heights[xid] = header.height }
        switch ledger.apply(transaction, evidence: evidence) {
        case .outcome(let outcome) where outcome == stored: break
        case .outcome(let outcome):
            isOnTrack = false
            let isOverdraft = stored == 0 && outcome == RejectionNumber.insufficientFunds
            report(
                isOverdraft ? .conservation : .replay, header.height,
                isOverdraft ? "transaction \(number) is applied though the account does not have the money"
                    : "transaction \(number) has outcome \(stored), and the rules give \(outcome)")
        case .forbidden(let invariant, let detail):
            isOnTrack = false
            report(invariant, header.height, "transaction \(number) \(detail)")
        }
        return transaction.evidence.map { Bytes($0.block) }
    }

    /// A8: the recorded block is final, on its chain's branch, and the record's cross data is that of its body.
    private mutating func check(_ record: PBRecord, at height: UInt64, certificates: inout CertificateAudit) {
        guard let header = judge(record.final, at: height, "a record", isRecord: true, certificates: &certificates) else { return }
        guard let crosses = branches.crosses(header.chain, header.height, header.hash, network: network.id) else { return }
        if crosses != record.crosses {
            report(.replay, height, "the record of block \(header.height) of \(header.chain) lists other cross data than the block holds")
        }
    }
}
