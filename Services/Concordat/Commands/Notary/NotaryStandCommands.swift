import ArgumentParser
import Cryptography
import Runtime
import Wire

/// Offers a notary node for the next epochs.
struct NotaryOfferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offer", abstract: "Offer a listed notary node for the next epochs.",
        discussion: """
            Example:
              concordat notary offer --node notary-5
            It takes a seat when sub-chain nodes elect it; its roles must run (concordat status).
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "The notary node; its key must be in this folder.")
    var node: String
    @OptionGroup var patience: NotaryPatience

    func run() throws {
        let desk = try ElectionDesk(common, passphraseOptions)
        try desk.stand(node, isWithdrawn: false, newKey: nil, seconds: patience.value)
        try desk.report("\(node) stands for the notaries of the next epochs", common)
    }
}

/// Takes a notary node's offer back.
struct NotaryWithdrawCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Take a notary node's offer back: it leaves once another one takes its seat.",
        discussion: """
            Example:
              concordat notary withdraw --node notary-2
            Keep its roles running until docs/operations.md says that they may be switched off.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "The notary node; its key must be in this folder.")
    var node: String
    @OptionGroup var patience: NotaryPatience

    func run() throws {
        let desk = try ElectionDesk(common, passphraseOptions)
        try desk.stand(node, isWithdrawn: true, newKey: nil, seconds: patience.value)
        try desk.report("\(node) leaves at the end of the epoch in which somebody else can take its seat", common)
    }
}

/// Gives a notary node another key.
struct NotaryRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a notary node a new key, which it signs with from the next epoch on.",
        discussion: """
            Example:
              concordat notary rotate --node notary-1
            The new key file lies beside the old one. Both are needed until every block of the old epoch is recorded.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "The notary node; its key must be in this folder.")
    var node: String
    @OptionGroup var patience: NotaryPatience

    func run() throws {
        let desk = try ElectionDesk(common, passphraseOptions)
        let (pair, path) = try desk.freshKey(of: node)
        try desk.stand(node, isWithdrawn: false, newKey: pair, seconds: patience.value)
        try desk.report("\(node) signs with \(path) from the next epoch on", common)
    }
}

/// Casts a sub-chain node's ballot.
struct NotaryVoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vote", abstract: "Cast a sub-chain node's ballot: the notary nodes that it approves of. It stands until the next one.",
        discussion: """
            Example:
              concordat notary vote --node alpha-1 --node alpha-2 --for notary-1,notary-3,notary-5
            Without --for the ballot is taken back.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "The sub-chain node that votes; may be given several times. Its key must be in this folder.")
    var node: [String]
    @Option(name: .customLong("for"), help: "Notary nodes, separated by commas.")
    var approved: String?
    @OptionGroup var patience: NotaryPatience

    func run() throws {
        let desk = try ElectionDesk(common, passphraseOptions)
        let names = (approved ?? "").split(separator: ",").map(String.init)
        try desk.vote(node, for: names, seconds: patience.value)
        try desk.report("\(node.joined(separator: ", ")) approves of \(names.isEmpty ? "nobody" : names.joined(separator: ", "))", common)
    }
}

/// How long a command waits for the notary chain.
struct NotaryPatience: ParsableArguments {
    @Option(help: "Seconds to wait until a final notary block has it. (default: 30)")
    var wait: Int?

    var value: Int { get throws { try Setting.number(wait, "wait", default: 30, in: 0...3600) } }
}
