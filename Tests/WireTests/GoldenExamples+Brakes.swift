import Cryptography
import Wire

extension GoldenExamples {
    var vaultTarget: PauseTarget { .contract("vault") }
    var pauseOfVault: PauseChange { PauseChange(target: vaultTarget, level: .paused, number: 1) }

    private func pause(_ change: PauseChange, _ signers: [Int]) -> Transaction {
        let consents = signers.map { PauseConsent(change: change, network: network, signer: notaries[$0].signer).authorization }
        return Transaction(.pause(Pause(change: change, consents: consents)), chain: .notary, network: network)
    }

    var pauseEntry: PauseEntry { PauseEntry(target: vaultTarget, level: .paused, number: 1, notaryHeight: 9, observed: 7) }

    private var pauseEvidence: StateEvidence {
        StateEvidence(block: Self.hash("notary block"), proof: StateProof(value: pauseEntry.encoded, siblings: [Self.hash("s0"), Self.hash("s1")], other: nil))
    }

    var brakeTransactions: [(name: String, transaction: Transaction)] {
        [
            ("pause_contract", pause(pauseOfVault, [0, 2])),
            ("watch_asset", pause(PauseChange(target: .asset(alpha, AssetID("X")!), level: .observed, number: 4), [1, 3])),
            ("resume_chain", pause(PauseChange(target: .chain(beta), level: .open, number: 2), [0, 1, 3])),
            ("heed", Transaction(.heed(Heed(target: vaultTarget, number: 1, evidence: pauseEvidence)), chain: alpha, network: network)),
        ]
    }

    var pauseConsent: PauseConsent { PauseConsent(change: pauseOfVault, network: network, signer: notaries[0].signer) }

    var pauseNotice: PauseNotice { PauseNotice(chain: alpha, target: vaultTarget, final: notaryFinal, evidence: pauseEvidence, notary: "notary-1") }

    var pauseStates: [PauseState] {
        [
            PauseState(target: vaultTarget, level: .paused, number: 1, notaryHeight: 9, wishes: [.init(level: .open, notary: "notary-2")]),
            PauseState(target: .chain(beta), level: .open, number: 0, notaryHeight: 0, wishes: [.init(level: .paused, notary: "notary-1")]),
        ]
    }

    var brakeView: BrakeView {
        BrakeView(
            height: 14, time: 1_700_000_005_000, meters: [meter], pauses: [pauseEntry],
            waiting: [.init(id: cross.xid, reason: .capReached, amount: 50, contract: "vault")],
            held: [Balance(asset: AssetID("X")!, amount: 50)])
    }
}
