import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Answers one leg by hand.
struct ConfirmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Confirm or refuse a payment that waits for its receiver, or list those that wait.",
        discussion: """
            Example:
              concordat confirm --as bob                            what waits for bob
              concordat confirm 5ed463e9 --as bob                   take it; the first digits are enough
              concordat confirm 5ed463e9 --as bob --refuse "wrong amount"
            Exit codes: 0 the answer is final, 1 it was not taken, 27 it is stored but not final yet, 69 no network answers.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Argument(help: "The payment's xid, or its first 4 or more digits. Without it: list what waits.")
    var xid: String?
    @Option(name: .customLong("as"), help: "Receiver, a name of the address book.")
    var receiver: String
    @Option(help: "Refuse it, for this reason; the payer gets the money back at once.")
    var refuse: String?

    private struct Waiting {
        var notice: LegNotice
        /// The collector that stores it.
        var service: String
    }

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let digits = xid?.lowercased() ?? ""
        guard xid == nil || (4...64).contains(digits.count) && digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
            throw Failure(.usage, "'\(xid ?? "")' is no xid", "Give 4 to 64 hexadecimal digits; without any the command lists what waits.")
        }
        guard refuse == nil || xid != nil else { throw Failure(.usage, "--refuse needs the xid of the payment", "concordat confirm --as \(receiver) lists what waits.") }
        guard refuse.map({ !$0.isEmpty && $0.utf8.count <= Limits.memoBytes }) ?? true else {
            throw Failure(.usage, "--refuse is empty or longer than \(Limits.memoBytes) bytes", "Give a short reason.")
        }
        let signer = try accounts.signer(receiver)
        try Inquiry.requireReachable(configuration, folder)
        let inquiry = Inquiry(configuration)
        let waiting = try legs(for: signer.publicKey, inquiry)
        guard xid != nil else { return list(waiting, signer.publicKey, accounts.book) }
        let fitting = waiting.filter { $0.notice.cross.xid.hex.hasPrefix(digits) }
        guard fitting.count <= 1 else {
            throw Failure(.usage, "\(fitting.count) waiting payments begin with \(digits)", "Give more digits.")
        }
        guard let leg = fitting.first else { throw try absent(digits, inquiry) }
        try answer(leg, signer, inquiry)
    }

    private func legs(for receiver: PublicKey, _ inquiry: Inquiry) throws -> [Waiting] {
        let asked = inquiry.collectors
        let answers = try inquiry.ask(asked.map { ($0.service, .fetchLegs(receiver)) })
        guard answers.contains(where: { $0 != nil }) else { throw Inquiry.silence }
        let network = inquiry.configuration.network
        var waiting: [Waiting] = []
        for (question, answer) in zip(asked, answers) {
            guard case .legs(let notices)? = answer else { continue }
            for notice in notices where network.confirmers(of: notice.cross).contains(receiver) && !waiting.contains(where: { $0.notice.cross.xid == notice.cross.xid }) {
                waiting.append(Waiting(notice: notice, service: question.service))
            }
        }
        return waiting.sorted { $0.notice.cross.deadline < $1.notice.cross.deadline }
    }

    private func list(_ waiting: [Waiting], _ receiver: PublicKey, _ book: AddressBook) {
        struct Row: Encodable { var xid: String, from: String, amount: UInt64, asset: String, chain: String, seconds_left: Int64, memo: String }
        let now = Int64(BusClock.now().wallMilliseconds)
        let rows = waiting.map { item in
            let cross = item.notice.cross
            let leg = cross.leg(for: receiver)
            return Row(
                xid: cross.xid.hex, from: book.name(of: cross.initiator) ?? cross.initiator.address.text, amount: leg.amount,
                asset: leg.asset.description, chain: leg.chain.description,
                seconds_left: max(0, Int64(clamping: cross.deadline) - now) / 1_000, memo: cross.memo)
        }
        if common.json { return Console.print(JSONText.line(rows)) }
        guard !rows.isEmpty else { return common.say("Nothing waits for \(self.receiver).") }
        // A memo is somebody else's text: nothing of it may steer the terminal.
        let cells = rows.map { [$0.xid, $0.from, "\($0.amount) \($0.asset)", $0.chain, "\($0.seconds_left) s", Console.printable($0.memo)] }
        for line in Table.lines([["XID", "FROM", "AMOUNT", "CHAIN", "LEFT", "MEMO"]] + cells) { Console.print(line) }
    }

    /// Why a payment is not among those that wait.
    private func absent(_ digits: String, _ inquiry: Inquiry) throws -> Failure {
        let advice = "concordat confirm --as \(receiver) lists what waits; concordat trace XID says where a payment stands."
        guard let digest = Hexadecimal.decode(digits).flatMap({ Digest($0) }) else {
            return Failure(.failed, "nothing that begins with \(digits) waits for \(receiver)", advice)
        }
        let standing = Standing(try inquiry.standings(of: digest), inquiry.configuration.network)
        return Failure(.failed, "\(digits) does not wait for \(receiver)\(standing.isKnown ? ": \(standing.text)" : "")", advice)
    }

    private func answer(_ leg: Waiting, _ signer: Signer, _ inquiry: Inquiry) throws {
        let cross = leg.notice.cross
        let answer = Answer(xid: cross.xid, refusal: refuse, network: inquiry.configuration.network.id, signer: signer)
        switch try inquiry.ask([(leg.service, .answer(answer))])[0] {
        case .submit(let result)?:
            guard let reason = result.rejection else {
                // A consent of several: no transaction is made before the last of them.
                if result.id == nil { return consented(cross, result.detail) }
                break
            }
            throw Failure(.failed, "the collector did not take the answer: \(reason.code)\(result.detail.isEmpty ? "" : ", \(result.detail)")", "concordat trace \(cross.xid.hex) says where it stands.")
        case .failure(let reason, let detail)?:
            throw Failure(.failed, "the collector did not take the answer: \(reason.code) \(detail)", "Run the command again.")
        default: throw Failure(.unreachable, "\(leg.service) did not answer", "Run the command again: an answer given twice counts once.")
        }
        let end = BusClock.now().monotonicMilliseconds + ConfirmCommand.waitMilliseconds
        while BusClock.now().monotonicMilliseconds < end {
            let states = try inquiry.standings(of: cross.xid).filter { $0.chain == cross.decidingChain || cross.holdingChains.contains($0.chain) }.map(\.status.state)
            if states.contains(.committed) || states.contains(.settled) { return try done("confirmed", cross, signer.publicKey) }
            if states.contains(.refused) || states.contains(.refunded) { return try done("refused", cross, signer.publicKey) }
            usleep(100_000)
        }
        throw Failure(.timedOut, "the answer is stored, but no final block holds it yet", "concordat trace \(cross.xid.hex) --follow waits for it.")
    }

    private func consented(_ cross: CrossTransaction, _ detail: String) {
        if common.json {
            struct Report: Encodable { var xid: String, outcome: String, detail: String }
            Console.print(JSONText.line(Report(xid: cross.xid.hex, outcome: "consented", detail: detail)))
        } else {
            Console.print("consented  \(cross.xid.hex)  (\(detail))")
        }
    }

    private static let waitMilliseconds: UInt64 = 30_000

    private func done(_ word: String, _ cross: CrossTransaction, _ account: PublicKey) throws {
        let leg = cross.leg(for: account)
        if common.json {
            struct Report: Encodable { var xid: String, outcome: String, chain: String, asset: String, amount: UInt64 }
            Console.print(JSONText.line(Report(xid: cross.xid.hex, outcome: word, chain: leg.chain.description, asset: leg.asset.description, amount: leg.amount)))
        } else {
            Console.print("\(word)  \(leg.amount) \(leg.asset) on \(leg.chain)  \(cross.xid.hex)")
        }
        // The deadline may have passed, or another device answered otherwise.
        guard (word == "refused") == (refuse != nil) else {
            throw Failure(.failed, "the payment was \(word) otherwise before this answer", "concordat trace \(cross.xid.hex) shows by whom.")
        }
    }
}
