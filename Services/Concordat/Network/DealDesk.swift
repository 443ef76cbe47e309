import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Takes a cross transaction of several parties through the network: opened on every chain that holds a part, consented to, followed to
/// its end (A15).
final class DealDesk {
    enum Outcome: String {
        case settled, refunded, rejected, open
    }

    let cross: CrossTransaction
    private let inquiry: Inquiry
    private var states: [ChainID: Status] = [:]
    /// Why it came to nothing; nil while it has not.
    private(set) var reason: Reason?
    private var consented: Set<PublicKey> = []
    private var isWithdrawn = false

    private var network: Network { inquiry.configuration.network }

    init(_ inquiry: Inquiry, _ cross: CrossTransaction) {
        self.inquiry = inquiry
        self.cross = cross
    }

    /// Hands every holding chain its legs: one collector of each that takes them is enough. Where one chain takes nothing, all is withdrawn.
    func open(by initiator: Signer) throws {
        for (index, chain) in cross.holdingChains.enumerated() {
            do {
                try submit(.submit(Transaction(.open(cross), chain: chain, network: network.id).bytes), to: chain)
            } catch {
                if index > 0 { withdraw(by: initiator) }
                throw error
            }
        }
    }

    private func submit(_ request: Request, to chain: ChainID) throws {
        guard let refusal = try inquiry.handIn(request, to: chain) else { return }
        throw Failure(
            .failed, "the collectors of \(chain) refuse: \(refusal.reason.code) \(refusal.detail)",
            "What other chains hold for \(cross.xid.hex) comes back. docs/protocol.md, section 6, says what the reason means.")
    }

    /// Waits for the end.
    ///
    /// - Parameter initiator: withdraws it as soon as one chain refuses to hold its part: all others give back at once then.
    func follow(consenting signers: [Signer], initiator: Signer, seconds: Int) throws -> Outcome {
        let end = Date().addingTimeInterval(Double(seconds))
        while true {
            for standing in try inquiry.standings(of: cross.xid) { states[standing.chain] = standing.status }
            if let outcome { return outcome }
            guard Date() < end else { return .open }
            if states.values.contains(where: { $0.state == .rejected }), !isWithdrawn { withdraw(by: initiator) }
            for signer in signers where !consented.contains(signer.publicKey) && isHeldEverywhere {
                let answer = Answer(xid: cross.xid, refusal: nil, network: network.id, signer: signer)
                if (try? submit(.answer(answer), to: cross.decidingChain)) != nil { consented.insert(signer.publicKey) }
            }
            usleep(DealDesk.pauseMicroseconds)
        }
    }

    private static let pauseMicroseconds: UInt32 = 200_000

    private var isHeldEverywhere: Bool { cross.holdingChains.allSatisfy { states[$0]?.state == .held } }

    /// How it has ended; nil while a part is still held.
    private var outcome: Outcome? {
        let parts = cross.holdingChains.map { states[$0]?.state ?? .unknown }
        for status in states.values where [.rejected, .refunded, .refused].contains(status.state) { reason = reason ?? status.reason }
        if parts.allSatisfy({ $0 == .settled }) { return .settled }
        guard parts.allSatisfy({ $0 == .refunded || $0 == .rejected }) else { return nil }
        return parts.contains(.refunded) ? .refunded : .rejected
    }

    private func withdraw(by initiator: Signer) {
        isWithdrawn = true
        // Without it the money comes back after the deadline.
        _ = try? inquiry.withdraw(cross, by: initiator)
    }

    /// What became of a chain's legs, in a word.
    func state(of chain: ChainID) -> String {
        guard let state = states[chain]?.state else { return "unknown" }
        return chain == cross.decidingChain && state == .committed ? "executed" : state.code
    }
}
