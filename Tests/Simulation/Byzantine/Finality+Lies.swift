import Wire

extension Finality {
    /// The same proof with other signers under the votes that it rests on; nil when there is nothing to change.
    func changed(_ body: (SignerSet) -> SignerSet?) -> Finality? {
        switch self {
        case .certificate(var certificate):
            guard let signers = body(certificate.signers) else { return nil }
            certificate.signers = signers
            return .certificate(certificate)
        case .recorded(var head):
            guard let finality = head.notary.finality.changed(body) else { return nil }
            head.notary.finality = finality
            return .recorded(head)
        case .pending: return nil
        }
    }

    /// The votes that it rests on, the notaries' where their chain shows it.
    var votes: Certificate? {
        switch self {
        case .certificate(let certificate): certificate
        case .recorded(let head): head.notary.finality.votes
        case .pending: nil
        }
    }
}
