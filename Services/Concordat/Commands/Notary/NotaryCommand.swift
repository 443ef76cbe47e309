import ArgumentParser

/// The election of the notaries.
struct NotaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notary", abstract: "Show and take part in the election of the notaries.",
        discussion: """
            Example:
              concordat notary list
              concordat notary offer --node notary-5
              concordat notary vote --node alpha-1 --for notary-1,notary-2,notary-3,notary-5
            docs/operations.md says how a notary joins, leaves and changes its key.
            """,
        subcommands: [
            NotaryListCommand.self, NotaryOfferCommand.self, NotaryWithdrawCommand.self, NotaryRotateCommand.self, NotaryVoteCommand.self,
            NotaryEpochsCommand.self,
        ])
}
