import Cryptography
import RoleKit
import Wire

/// Pauses, and what people ask of brakes (G-1 to G-6).
extension Seeds {
    mutating func addBrakes() {
        let asset = AssetID("X")!
        let targets: [PauseTarget] = [.chain(Stage.beta), .contract("vault"), .contract(Agreement.id), .asset(Stage.alpha, asset)]
        for (index, target) in targets.enumerated() {
            let change = PauseChange(target: target, level: PauseLevel.allCases[index % 3], number: index == 3 ? .max : UInt64(index + 1))
            let consents = notaries.map { PauseConsent(change: change, network: network, signer: $0) }
            for count in [2, 3] {
                add(Transaction(.pause(Pause(change: change, consents: consents.prefix(count).map(\.authorization))), chain: .notary, network: network), on: 2)
            }
            add(.pauseConsent(consents[0]), to: [.recorder], by: RoleStage.all[5].address)
            add(.pauseConsent(consents[1]), to: [.recorder])
            add(.pause(target), to: [.consensus])
            let entry = PauseEntry(target: target, level: change.level, number: change.number, notaryHeight: 5, observed: UInt64(index))
            add("pause-entry", entry.encoded)
            let proof = StateProof(value: entry.encoded, siblings: [place], other: nil)
            let evidence = StateEvidence(block: place, proof: proof)
            add(Transaction(.heed(Heed(target: target, number: change.number, evidence: evidence)), chain: Stage.alpha, network: network), on: 0)
            let notice = PauseNotice(chain: Stage.alpha, target: target, final: notaryFinal(), evidence: evidence, notary: RoleStage.all[3].address.node)
            add(.pause(notice), to: [.collector, .validator, .builder], by: RoleStage.all[3].address)
            add("response", Response.pauseShown(notaryFinal(), proof).encoded)
            let state = PauseState(target: target, level: change.level, number: change.number, notaryHeight: 5, wishes: [.init(level: .open, notary: "notary-1")])
            add("response", Response.pauses([state]).encoded)
            let waiting = BrakeView.Waiting(id: place, reason: .capReached, amount: 5, contract: "vault")
            let view = BrakeView(height: 7, time: 9, meters: [MeterEntry(contract: "vault", asset: asset)], pauses: [entry], waiting: [waiting], held: [Balance(asset: asset, amount: 5)])
            add("response", Response.brakes(view).encoded)
        }
        add(.pauses, to: [.recorder])
        add(.brakes, to: [.collector])
    }
}
