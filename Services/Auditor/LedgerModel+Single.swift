import Foundation
import Schema

/// Rules about one chain only: Register, Transfer, Record.
extension LedgerModel {
    /// Replays one transaction.
    ///
    /// - Parameter evidence: final headers that the block carries, by hash.
    mutating func apply(_ transaction: ParsedTransaction, evidence: [Bytes: ParsedHeader]) -> RuleResult {
        let isNotaryChain = chain.id == AuditNetwork.notaryName
        let isStaking = chain.stake != nil && [10, 13, 14].contains(transaction.number)
        let isOfNotaries = (9...18).contains(transaction.number) || [24, 28, 29].contains(transaction.number)
        guard isStaking || isNotaryChain == isOfNotaries else { return .forbidden(.replay, "does not belong on this chain") }
        switch transaction.kind {
        case .register: return applyRegister(transaction)
        case .transfer: return applyTransfer(transaction)
        case .open: return applyOpen(transaction)
        case .confirm(let item): return applyConfirm(transaction, item, evidence: evidence)
        case .refuse(let item): return applyEnd(transaction, by: item.authorization, .refused)
        case .cancel(let item): return applyEnd(transaction, by: item.authorization, .cancelled)
        case .settle(let item): return applyResolution(transaction, item.evidence, .settled, evidence: evidence)
        case .refund(let item) where item.hasFrozen: return applyFrozenRefund(transaction, item, evidence: evidence)
        case .refund(let item): return applyResolution(transaction, item.evidence, .refunded, evidence: evidence)
        case .record(let item): return applyRecord(item)
        case .evidence: return isNotaryChain ? applyEvidence(transaction) : applySlashing(transaction)
        case .bond, .unbond: return applyStake(transaction)
        case .candidacy: return applyCandidacy(transaction)
        case .ballot: return applyBallot(transaction)
        case .closing: return applyClosing(transaction)
        case .freeze(let item): return applyFreeze(item)
        case .thaw(let item): return applyThaw(item)
        case .leave(let item): return applyLeave(item)
        case .deploy(let item): return applyDeploy(item)
        case .join(let item): return applyJoin(transaction, item)
        case .adopt(let item): return applyAdopt(item, evidence: evidence)
        case .lock, .redeem: return applyBridgeOrder(transaction)
        case .issue(let item): return applyBridgeProof(item, isIssue: true, evidence: evidence)
        case .release(let item): return applyBridgeProof(item, isIssue: false, evidence: evidence)
        case .pause(let item): return applyPause(item)
        case .heed(let item): return applyHeed(item, evidence: evidence)
        }
    }

    private mutating func applyRegister(_ transaction: ParsedTransaction) -> RuleResult {
        guard let body = transaction.register else { return .forbidden(.replay, "has no body") }
        let key = Bytes(body.account)
        guard var account = accounts[key] else {
            var opened = AccountModel(key: key)
            opened.isRegistrationAnswered = true
            write(opened)
            return .outcome(0)
        }
        guard !account.isRegistrationAnswered else { return .forbidden(.acknowledged, "registers an account whose Register has had its answer") }
        account.isRegistrationAnswered = true
        write(account)
        return .outcome(RejectionNumber.alreadyExists)
    }

    private mutating func applyTransfer(_ transaction: ParsedTransaction) -> RuleResult {
        guard let body = transaction.transfer else { return .forbidden(.replay, "has no body") }
        let (sender, receiver) = (Bytes(body.sender), Bytes(body.receiver))
        guard var account = accounts[sender] else { return .forbidden(.conservation, "is paid by an account that does not exist") }
        guard !network.isReserve(sender, on: chain.id) else { return .forbidden(.conservation, "is paid by a contract's reserve") }
        guard account.use(body.nonce) else { return .forbidden(.replay, "uses nonce \(body.nonce), which is used or outside the window") }
        write(account)
        guard accounts[receiver] != nil else { return .outcome(RejectionNumber.unknownPayee) }
        guard !isPegAccount(receiver) else { return .outcome(RejectionNumber.termsViolated) }
        guard account.balances[body.asset, default: 0] >= body.amount else { return .outcome(RejectionNumber.insufficientFunds) }
        guard hasRoom(receiver, for: body.asset) else { return .outcome(RejectionNumber.tooManyAssets) }
        guard debit(sender, body.amount, of: body.asset), credit(receiver, body.amount, of: body.asset) else {
            return .forbidden(.conservation, "moves more than can be")
        }
        return .outcome(0)
    }

    private mutating func applyEvidence(_ transaction: ParsedTransaction) -> RuleResult {
        guard let offence = transaction.offence, offence.chain == chain.id || subChain(offence.chain) != nil else {
            return .forbidden(.replay, "shows an offence on a chain that the network does not have")
        }
        if offence.kind == 2, network.chain(offence.chain)?.work != nil {
            return .forbidden(.replay, "accuses a miner of two blocks of one height, which it may make")
        }
        guard offences.insert(offence.id).inserted else { return .forbidden(.replay, "shows an offence that is recorded already") }
        write(offence)
        return .outcome(0)
    }

    private mutating func applyRecord(_ record: PBRecord) -> RuleResult {
        guard let header = ParsedHeader(record.final.header), header.chain != chain.id, subChain(header.chain) != nil else {
            return .forbidden(.oneFinal, "records no block of a sub-chain")
        }
        let head = heads[header.chain]
        guard header.height == (head?.height ?? 0) + 1, header.parent == head?.hash ?? network.genesisHash(of: header.chain) else {
            return .forbidden(
                .oneFinal, "records block \(header.height) of \(header.chain), which does not follow the recorded block \(head?.height ?? 0)")
        }
        if let status = statuses[header.chain] {
            guard !status.isFrozen else { return .forbidden(.oneFinal, "records a block of \(header.chain), which is frozen (R8)") }
            guard header.notaryHeight >= status.notaryHeight else {
                return .forbidden(.oneFinal, "records a block of \(header.chain) that does not know of the thaw (R8)")
            }
        }
        write(HeadModel(chain: header.chain, height: header.height, hash: header.hash, time: header.time))
        return .outcome(0)
    }
}
