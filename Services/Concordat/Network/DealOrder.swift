import Cryptography
import Foundation
import Runtime
import Wire

/// The legs of a deal as somebody writes them, `FROM TO AMOUNT ASSET[@CHAIN]` each (A15).
struct DealOrder {
    struct Part {
        var from: String
        var to: String
        var leg: Leg
    }

    let parts: [Part]
    /// Everyone who pays, the first leg's payer first.
    let payers: [String]

    init(_ texts: [String], _ accounts: Accounts) throws {
        guard (2...Limits.legs).contains(texts.count) else {
            throw Failure(.usage, "a deal has 2 to \(Limits.legs) legs, and here are \(texts.count)", DealOrder.form)
        }
        var parts: [Part] = []
        for (index, text) in texts.enumerated() { parts.append(try DealOrder.part(text, number: index + 1, accounts)) }
        guard Set(parts.map(\.leg.chain)).count > 1 else {
            throw Failure(.usage, "all legs are on \(parts[0].leg.chain)", "A deal runs over two chains or more; within one chain use concordat send.")
        }
        var payers: [String] = []
        for part in parts where !payers.contains(part.from) { payers.append(part.from) }
        (self.parts, self.payers) = (parts, payers)
    }

    private static let form = "Give each as --leg \"FROM TO AMOUNT ASSET\", for example --leg \"alice bob 10 X\"; ASSET@CHAIN names another chain than the asset's own."

    private static func part(_ text: String, number: Int, _ accounts: Accounts) throws -> Part {
        let words = text.split(separator: " ").map(String.init)
        func fail(_ problem: String, _ advice: String = form) -> Failure { Failure(.usage, "leg \(number), '\(text)': \(problem)", advice) }
        guard words.count == 4 else { throw fail("it has \(words.count) words instead of 4") }
        guard let payer = accounts.book[words[0]] else {
            let closest = Suggestion.closest(to: words[0], among: accounts.book.entries.map(\.name))
            throw fail("\(words[0]) is not in \(accounts.folder.addressBook)", closest.map { "Did you mean \($0)?" } ?? "See the names there.")
        }
        guard let amount = UInt64(words[2]), amount > 0, words[2].utf8.first.map({ (48...57).contains($0) }) ?? false else {
            throw fail("'\(words[2])' is no whole number from 1 to \(UInt64.max)")
        }
        let place = words[3].split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard place.count <= 2, let asset = AssetID(place[0]) else { throw fail("'\(words[3])' is no asset") }
        let home = accounts.configuration.network.chains.first { $0.genesis.contains { $0.balances.contains { $0.asset == asset } } }?.id
        let named = place.count == 2 ? ChainID(place[1]) : home
        guard let chain = named, chain != .notary, accounts.configuration.network.chain(chain) != nil else {
            let chains = accounts.configuration.network.chains.map(\.id.description).joined(separator: ", ")
            throw fail(place.count == 2 ? "there is no chain '\(place[1])'" : "no chain of this network has an asset '\(asset)'", "Chains: \(chains).")
        }
        let payee: PublicKey
        switch accounts.payee(words[1]) {
        case .success(let found): payee = found.key
        case .failure(let fault): throw fail(fault.problem, accounts.advice(for: fault, payee: words[1]))
        }
        guard payee != payer.key else { throw fail("payer and payee are the same account", "Choose another payee.") }
        return Part(from: words[0], to: words[1], leg: Leg(chain: chain, debit: payer.key, credit: payee, asset: asset, amount: amount))
    }
}
