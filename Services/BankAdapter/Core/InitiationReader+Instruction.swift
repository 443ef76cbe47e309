import Cryptography
import Wire

extension InitiationReader {
    /// Where an instruction goes.
    private enum Target {
        /// An account of the bank's own chain, by its address.
        case here(PublicKey)
        /// A customer of a partner bank.
        case customer(BankPartner, AccountNumber)
        /// An address on a partner bank's chain.
        case address(BankPartner, PublicKey)
    }

    /// Reads an instruction; one that has no reference to answer with spoils the file.
    func readInstruction(
        _ raw: RawInstruction, _ debtor: Result<AccountNumber, StatusReason>, _ batch: RawBatch, _ place: String
    ) throws(StatusReason) -> PaymentInstruction {
        let endToEndID = try identifier(raw.id?.endToEnd, "\(place)/PmtId/EndToEndId", .endToEndID)
        let amount = raw.amount?.instructed ?? raw.amount?.equivalent?.amount
        var instruction = PaymentInstruction(
            instructionID: nil, endToEndID: endToEndID, uetr: nil, amountText: DecimalAmount.shown(amount?.text ?? ""),
            currency: DecimalAmount.shown(amount?.currency ?? ""), debtor: (try? debtor.get().text) ?? "", creditor: creditorText(raw),
            order: .failure(StatusReason(.format, "")))
        do throws(StatusReason) {
            if let id = raw.id?.instruction { instruction.instructionID = try identifier(id, "\(place)/PmtId/InstrId", .format) }
            if let uetr = raw.id?.uetr { instruction.uetr = try self.uetr(uetr, "\(place)/PmtId/UETR") }
            instruction.order = .success(try payment(raw, try debtor.get(), place))
        } catch {
            instruction.order = .failure(error)
        }
        return instruction
    }

    private func creditorText(_ raw: RawInstruction) -> String {
        let account = raw.creditorAccount
        return DecimalAmount.shown(account?.proxy?.id ?? account?.id?.iban ?? account?.id?.other?.id ?? "")
    }

    /// A version 4 UUID in small letters, as ISO demands.
    private func uetr(_ text: String, _ place: String) throws(StatusReason) -> String {
        let bytes = Array(text.utf8)
        let isUUID = bytes.count == 36 && bytes.enumerated().allSatisfy { index, byte in
            switch index {
            case 8, 13, 18, 23: byte == UInt8(ascii: "-")
            case 14: byte == UInt8(ascii: "4")
            case 19: "89ab".utf8.contains(byte)
            default: (48...57).contains(byte) || (97...102).contains(byte)
            }
        }
        guard isUUID else { throw fault(.format, "'\(DecimalAmount.shown(text))' is no UETR: a version 4 UUID in small letters", place) }
        return text
    }

    private func payment(_ raw: RawInstruction, _ debtor: AccountNumber, _ place: String) throws(StatusReason) -> BankPayment {
        switch try target(raw, place) {
        case .here(let key):
            guard key != profile.account else { throw fault(.sameInstitution, "this is the bank's own account", "\(place)/CdtrAcct") }
            guard raw.amount?.equivalent == nil else { throw fault(.currency, "nothing is exchanged within \(profile.chain)", "\(place)/Amt/EqvtAmt") }
            let amount = try amount(raw.amount?.instructed, profile.currency, "\(place)/Amt/InstdAmt")
            return BankPayment(
                debtor: debtor, amount: amount, currency: profile.currency.code, chain: profile.chain.description, payee: key.address.text, contract: nil, contractVersion: 0, credited: amount,
                creditedCurrency: profile.currency.code, creditor: nil)
        case .customer(let partner, let account): return try exchange(raw, debtor, partner, payee: partner.account, account, place)
        case .address(let partner, let key): return try exchange(raw, debtor, partner, payee: key, nil, place)
        }
    }

    // MARK: who is paid

    private func target(_ raw: RawInstruction, _ place: String) throws(StatusReason) -> Target {
        let agentPlace = "\(place)/CdtrAgt/FinInstnId"
        guard let institution = raw.creditorAgent?.institution, let name = institution.bic ?? institution.other?.id, !name.isEmpty else {
            throw fault(.creditorBank, "the creditor's bank is missing: its BICFI, or its chain in Othr/Id", agentPlace)
        }
        let address = try address(raw.creditorAccount, "\(place)/CdtrAcct")
        if names(name, profile.bic, profile.chain) {
            guard let address else {
                throw fault(.sameInstitution, "both accounts are at \(profile.bic): the bank books that itself", agentPlace)
            }
            return .here(address)
        }
        guard let partner = profile.partners.first(where: { names(name, $0.bic, $0.chain) }) else {
            let known = profile.partners.map { "\($0.bic) on \($0.chain)" }.joined(separator: ", ")
            throw fault(.creditorBank, "'\(DecimalAmount.shown(name))' is no bank that can be paid; partners: \(known)", agentPlace)
        }
        if let address { return .address(partner, address) }
        return .customer(partner, try account(raw.creditorAccount, "\(place)/CdtrAcct", .creditorAccount))
    }

    /// An address of a chain: in `Prxy/Id`, or in `Othr/Id`, where ISO's 34 characters are too few for it; nil when there is none.
    private func address(_ raw: RawAccount?, _ place: String) throws(StatusReason) -> PublicKey? {
        let isProxy = raw?.proxy?.id != nil
        guard let text = raw?.proxy?.id ?? raw?.id?.other?.id, isProxy || text.lowercased().hasPrefix("\(Address.prefix)1") else { return nil }
        let path = isProxy ? "\(place)/Prxy/Id" : "\(place)/Id/Othr/Id"
        guard text.utf8.count <= BankLimits.addressBytes else { throw fault(.creditorAccount, "no address is as long as this", path) }
        do {
            return try Address(text).publicKey
        } catch {
            throw fault(.creditorAccount, "'\(DecimalAmount.shown(String(text.prefix(12))))…' is no address: \(error)", path)
        }
    }

    // MARK: how much

    private func amount(_ raw: RawAmount?, _ currency: BankCurrency, _ place: String) throws(StatusReason) -> Amount {
        guard let raw else { throw fault(.amount, "the amount is missing", place) }
        guard raw.currency == currency.code else {
            throw fault(.currency, "'\(DecimalAmount.shown(raw.currency ?? ""))' cannot be paid here, only \(currency.code)", place)
        }
        do throws(StatusReason) {
            return try DecimalAmount.read(raw.text, digits: currency.digits)
        } catch {
            throw fault(error.code, error.narrative, place)
        }
    }

    /// A payment to another chain, under a contract: either what is paid is fixed (`EqvtAmt`), or what arrives (`InstdAmt`).
    private func exchange(
        _ raw: RawInstruction, _ debtor: AccountNumber, _ partner: BankPartner, payee: PublicKey, _ creditor: AccountNumber?, _ place: String
    ) throws(StatusReason) -> BankPayment {
        let contract = try contract(raw.exchange?.contract, partner, place)
        let paid: Amount
        let credited: Amount
        let amountPlace: String
        if let equivalent = raw.amount?.equivalent {
            amountPlace = "\(place)/Amt/EqvtAmt/Amt"
            guard equivalent.currency == partner.currency.code else {
                throw fault(.currency, "\(partner.bic) takes \(partner.currency.code), not '\(DecimalAmount.shown(equivalent.currency ?? ""))'", "\(place)/Amt/EqvtAmt/CcyOfTrf")
            }
            paid = try amount(equivalent.amount, profile.currency, amountPlace)
            guard let owed = contract.counterAmount(paying: paid, on: profile.chain), owed > 0 else { throw uneven(contract, paid, profile.chain, profile.currency, amountPlace) }
            credited = owed
        } else {
            amountPlace = "\(place)/Amt/InstdAmt"
            if let instructed = raw.amount?.instructed, instructed.currency == profile.currency.code, partner.currency.code != profile.currency.code {
                throw fault(
                    .currency, "\(partner.bic) takes \(partner.currency.code): give what arrives in \(partner.currency.code), or what is paid as EqvtAmt", amountPlace)
            }
            credited = try amount(raw.amount?.instructed, partner.currency, amountPlace)
            guard let owed = contract.counterAmount(paying: credited, on: partner.chain), owed > 0,
                contract.counterAmount(paying: owed, on: profile.chain) == credited
            else { throw uneven(contract, credited, partner.chain, partner.currency, amountPlace) }
            paid = owed
        }
        try check(paid, contract, amountPlace)
        if let exchange = raw.exchange { try check(exchange, contract, partner, "\(place)/XchgRateInf") }
        return BankPayment(
            debtor: debtor, amount: paid, currency: profile.currency.code, chain: partner.chain.description, payee: payee.address.text, contract: contract.id,
            contractVersion: contract.version, credited: credited, creditedCurrency: partner.currency.code, creditor: creditor)
    }

    private func check(_ paid: Amount, _ contract: Contract, _ place: String) throws(StatusReason) {
        func text(_ amount: Amount) -> String { "\(DecimalAmount.text(amount, digits: profile.currency.digits)) \(profile.currency.code)" }
        guard paid <= contract.maximumAmount else {
            throw fault(.amountAboveMaximum, "\(text(paid)) is more than \(contract.id) lets pass at once, \(text(contract.maximumAmount))", place)
        }
        guard paid >= contract.minimumAmount else {
            throw fault(.amountBelowMinimum, "\(text(paid)) is less than \(contract.id) lets pass, \(text(contract.minimumAmount))", place)
        }
    }

    /// A rate that is given must be the contract's, exactly: in units of the currency that `UnitCcy` does not name, for one of that which it does.
    private func check(_ exchange: RawInstruction.Exchange, _ contract: Contract, _ partner: BankPartner, _ place: String) throws(StatusReason) {
        guard let text = exchange.rate else { return }
        let isOurs = (exchange.unit ?? profile.currency.code) == profile.currency.code
        guard isOurs || exchange.unit == partner.currency.code else {
            throw fault(.currency, "a rate is for one \(profile.currency.code) or one \(partner.currency.code)", "\(place)/UnitCcy")
        }
        func scale(_ digits: Int) -> UInt128 { (0..<digits).reduce(1) { scale, _ in scale * 10 } }
        let isForward = profile.chain == contract.first.chain
        let bought = UInt128(isForward ? contract.rateNumerator : contract.rateDenominator) * scale(profile.currency.digits)
        let paid = UInt128(isForward ? contract.rateDenominator : contract.rateNumerator) * scale(partner.currency.digits)
        let (above, below) = isOurs ? (bought, paid) : (paid, bought)
        guard let rate = DecimalAmount.rate(text), rate.numerator * below == above * rate.denominator else {
            throw fault(.narrative, "the rate '\(DecimalAmount.shown(text))' is not that of \(contract.id) version \(contract.version), \(above)/\(below)", "\(place)/XchgRate")
        }
    }

    /// Says which amounts near one come out even.
    private func uneven(_ contract: Contract, _ amount: Amount, _ chain: ChainID, _ currency: BankCurrency, _ place: String) -> StatusReason {
        let divisor = chain == contract.first.chain ? contract.rateDenominator : contract.rateNumerator
        let factor = chain == contract.first.chain ? contract.rateNumerator : contract.rateDenominator
        var (large, small) = (divisor, factor)
        while small > 0 { (large, small) = (small, large % small) }
        let step = divisor / max(1, large)
        let below = amount / max(1, step) * step
        func text(_ amount: Amount) -> String { DecimalAmount.text(amount, digits: currency.digits) }
        let above = below.addingReportingOverflow(step)
        let near = (below > 0 ? [text(below)] : []) + (above.overflow ? [] : [text(above.partialValue)])
        return fault(
            .amount, "\(text(amount)) \(currency.code) does not come out even at \(contract.id)'s rate; \(near.joined(separator: " or ")) does", place)
    }

    private func contract(_ named: String?, _ partner: BankPartner, _ place: String) throws(StatusReason) -> Contract {
        let wanted = named ?? profile.contract
        let found = around.contracts.first { contract in
            let isNamed = wanted.map { $0 == contract.id || $0 == "\(contract.id)@\(contract.version)" } ?? true
            return isNamed && contract.peg == nil && contract.side(of: profile.chain)?.asset == profile.currency.asset
                && contract.side(of: partner.chain)?.asset == partner.currency.asset
        }
        guard let found else {
            let name = wanted.map { " \(DecimalAmount.shown($0))" } ?? ""
            throw fault(
                .currency, "no contract\(name) exchanges \(profile.currency.code) of \(profile.chain) for \(partner.currency.code) of \(partner.chain)",
                named == nil ? "\(place)/CdtrAgt" : "\(place)/XchgRateInf/CtrctId")
        }
        return found
    }
}
