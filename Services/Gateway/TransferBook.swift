import Cryptography
import OrderedCollections
import Wire

/// What final blocks have shown of transactions lately: each with its steps, and what it waits for.
package struct TransferBook: Sendable {
    /// What one block did.
    package struct Step: Sendable, Hashable, Encodable {
        package var what: String, chain: String, height: UInt64, time_milliseconds: UInt64
    }

    /// One transaction, or the parts of a cross transaction together.
    package struct Transfer: Sendable, Hashable, Encodable {
        /// Xid of a cross transaction, id of any other.
        package var id: String
        var kind: String
        var from = ""
        var to = ""
        var asset = ""
        package var amount = ""
        /// What is paid on the other chain.
        var to_asset = ""
        var to_amount = ""
        package var memo = ""
        /// In the order of its legs.
        package var chains: [String] = []
        package var state: String
        package var ended: Bool
        /// Empty when it has ended.
        package var waiting = ""
        var first_milliseconds: UInt64
        var last_milliseconds: UInt64
        package var steps: [Step] = []
        /// Chains that still hold a leg.
        fileprivate var holding = 0

        private enum CodingKeys: String, CodingKey {
            case id, kind, from, to, asset, amount, to_asset, to_amount, memo, chains, state, ended, waiting, first_milliseconds, last_milliseconds, steps
        }
    }

    package init() {}

    private var transfers: OrderedDictionary<Digest, Transfer> = [:]

    /// Those that changed last, newest first.
    ///
    /// - Parameter chain: only those with a part on it; `account`: only those that it pays or is paid by.
    package func newest(_ count: Int, chain: ChainID? = nil, account: PublicKey? = nil) -> [Transfer] {
        let (name, address) = (chain?.description, account?.address.text)
        let wanted = transfers.values.reversed().lazy.filter { transfer in
            (name.map { name in transfer.chains.contains(name) || transfer.steps.contains { $0.chain == name } } ?? true) && (address.map { transfer.from == $0 || transfer.to == $0 } ?? true)
        }
        return Array(wanted.prefix(count))
    }

    /// Those that have not ended, oldest first.
    package func waiting(_ count: Int) -> [Transfer] { Array(transfers.values.filter { !$0.ended }.sorted { $0.first_milliseconds < $1.first_milliseconds }.prefix(count)) }

    /// How many have not ended.
    package var waitingCount: Int { transfers.values.count { !$0.ended } }

    /// Takes in a final block's transactions.
    ///
    /// - Returns: what has changed.
    package mutating func take(_ block: Block) -> [Transfer] {
        let header = block.header
        var changed: [Transfer] = []
        for (transaction, outcome) in zip(block.transactions, block.outcomes) {
            guard let (name, word) = TransferBook.part(of: transaction) else { continue }
            var transfer = transfers.removeValue(forKey: name)
                ?? Transfer(id: name.hex, kind: TransferBook.kind(of: transaction), state: "", ended: false, first_milliseconds: header.time, last_milliseconds: header.time)
            TransferBook.fill(&transfer, transaction)
            transfer.steps.append(
                Step(what: outcome.rejection.map { "\(word) rejected: \($0.code)" } ?? word, chain: header.chain.description, height: header.height, time_milliseconds: header.time))
            transfer.steps.sort { ($0.time_milliseconds, $0.what) < ($1.time_milliseconds, $1.what) }
            transfer.first_milliseconds = min(transfer.first_milliseconds, header.time)
            transfer.last_milliseconds = max(transfer.last_milliseconds, header.time)
            TransferBook.advance(&transfer, transaction, outcome, on: header.chain)
            transfers[name] = transfer
            changed.append(transfer)
        }
        while transfers.count > GatewayLimits.transactionsKept { transfers.removeFirst() }
        return changed
    }

    /// Under what name a transaction is listed, and what it does; nil for what moves no value.
    private static func part(of transaction: Transaction) -> (Digest, String)? {
        switch transaction.kind {
        case .transfer: (transaction.id, "paid")
        case .register: (transaction.id, "registered")
        case .open(let cross): (cross.xid, "held")
        case .confirm(let confirm): (confirm.cross.xid, "confirmed")
        case .refuse(let refuse): (refuse.cross.xid, "refused")
        case .cancel(let cancel): (cancel.cross.xid, "cancelled")
        case .settle(let resolution): (resolution.xid, "settled")
        case .refund(let resolution): (resolution.xid, "refunded")
        case .lock: (transaction.id, "locked")
        case .redeem: (transaction.id, "redeemed")
        case .issue(let proof): (proof.order, "issued")
        case .release(let proof): (proof.order, "released")
        default: nil
        }
    }

    private static func kind(of transaction: Transaction) -> String {
        switch transaction.kind {
        case .transfer: "payment"
        case .register: "account"
        case .lock, .redeem, .issue, .release: "bridge"
        default: "exchange"
        }
    }

    private static func fill(_ transfer: inout Transfer, _ transaction: Transaction) {
        guard transfer.from.isEmpty else { return }
        switch transaction.kind {
        case .transfer(let item):
            (transfer.from, transfer.to) = (item.sender.address.text, item.receiver.address.text)
            (transfer.asset, transfer.amount, transfer.memo) = (item.asset.description, "\(item.amount)", item.memo)
        case .register(let item): transfer.to = item.account.address.text
        case .lock(let order), .redeem(let order):
            (transfer.from, transfer.to) = (order.sender.address.text, order.receiver.address.text)
            (transfer.asset, transfer.amount, transfer.memo) = (order.contract, "\(order.amount)", order.memo)
        case .open(let cross): fill(&transfer, cross)
        case .confirm(let confirm): fill(&transfer, confirm.cross)
        case .refuse(let refuse): fill(&transfer, refuse.cross)
        case .cancel(let cancel): fill(&transfer, cancel.cross)
        default: return
        }
    }

    private static func fill(_ transfer: inout Transfer, _ cross: CrossTransaction) {
        let (first, last) = (cross.legs[0], cross.decidingLeg)
        (transfer.from, transfer.to, transfer.memo) = (first.debit.address.text, last.credit.address.text, cross.memo)
        (transfer.asset, transfer.amount) = (first.asset.description, "\(first.amount)")
        (transfer.to_asset, transfer.to_amount) = (last.asset.description, "\(last.amount)")
        transfer.chains = cross.legs.map(\.chain.description)
        transfer.holding = cross.holdingChains.count
    }

    private static func advance(_ transfer: inout Transfer, _ transaction: Transaction, _ outcome: Outcome, on chain: ChainID) {
        defer { if transfer.chains.isEmpty { transfer.chains = [chain.description] } }
        if let rejection = outcome.rejection {
            // A later part that came to nothing changes nothing about the whole.
            guard transfer.steps.count == 1 else { return }
            (transfer.state, transfer.ended, transfer.waiting) = ("rejected: \(rejection.code)", true, "")
            return
        }
        // Blocks of several chains come in no order: what is further along stays.
        let (state, waiting) = after(transaction, transfer)
        guard rank(state) >= rank(transfer.state) else { return }
        transfer.state = state
        switch state {
        case "settled", "refunded": transfer.ended = transfer.holding == 0 || transfer.steps.count { $0.what == state } >= transfer.holding
        case "issued", "released", "final": transfer.ended = true
        default: transfer.ended = false
        }
        transfer.waiting = transfer.ended ? "" : waiting
    }

    /// What a transaction that was applied brings the whole to, and what that waits for.
    private static func after(_ transaction: Transaction, _ transfer: Transfer) -> (state: String, waiting: String) {
        switch transaction.kind {
        case .open: ("held", "for the receiver on \(transfer.chains.last ?? "the other chain"): concordat confirm")
        case .confirm: ("committed", "for the hold to be settled")
        case .refuse: ("refused", "for the hold to be given back")
        case .cancel: ("cancelled", "for the hold to be given back")
        case .settle: ("settled", "for the other holding chains")
        case .refund: ("refunded", "for the other holding chains")
        case .lock: ("locked", "for the peg's members to attest it: concordat bridge status")
        case .redeem: ("redeemed", "for the peg's members to attest it: concordat bridge status")
        case .issue: ("issued", "")
        case .release: ("released", "")
        default: ("final", "")
        }
    }

    /// How far along a state is.
    private static func rank(_ state: String) -> Int {
        switch state {
        case "": 0
        case "held", "locked", "redeemed": 1
        case "committed", "refused", "cancelled": 2
        default: 3
        }
    }
}
