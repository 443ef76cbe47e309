import BankCore
import Cryptography
import Runtime
import Wire

/// A bank's file: who it is, whom it pays, and where its customers' ledger is (docs/banks.md).
package struct BankFile {
    /// Where the customers' accounts are.
    package enum System: Hashable, Sendable {
        /// The included ledger, made of a file of accounts; the path of that file.
        case included(accounts: String)
        /// A closed system behind a folder.
        case folder(String)
    }

    package var profile: BankProfile
    /// Name of the bank's account in the address book: its key signs.
    package var accountName: String
    package var system: System

    private static let byteCountMax = 256 * 1024

    /// Reads and checks a file; paths in it are as seen from its folder.
    package static func read(_ path: String, _ network: Network, _ book: AddressBook) throws(NetworkFileFault) -> BankFile {
        let text = try TextFile.read(path, byteCountMax: byteCountMax, whenMissing: "Name a bank's file, for example examples/banks/euro-bank.yaml.")
        let root = try DocumentField.document(text, file: path)
            .mapping(["name", "bic", "chain", "account", "currency", "partners", "contract", "deadline_seconds", "customers", "system_folder"])
        let chainField = try root.required("chain")
        let chain = try self.chain(chainField, network)
        let accountField = try root.required("account")
        let accountName = try accountField.text(atMost: 64)
        guard let account = book[accountName] else {
            let closest = Suggestion.closest(to: accountName, among: book.entries.map(\.name))
            throw accountField.fault("\(accountName) is not in the network's address book", closest.map { "Did you mean \($0)?" } ?? "Name an account whose key is here.")
        }
        var partners: [BankPartner] = []
        for field in try root.required("partners").list(atMost: BankLimits.partners) { partners.append(try partner(field, network, book)) }
        let deadline = try root.optional("deadline_seconds")?.number(1...86_400) ?? defaultDeadlineSeconds
        let profile = BankProfile(
            name: try root.required("name").text(atMost: 70), bic: try bic(root.required("bic")), chain: chain, account: account.key,
            currency: try currency(root.required("currency"), chain, network), partners: partners,
            contract: try root.optional("contract")?.text(atMost: 64), deadlineMilliseconds: deadline * 1_000)
        return BankFile(profile: profile, accountName: accountName, system: try system(root, path))
    }

    private static let defaultDeadlineSeconds: UInt64 = 60

    private static func system(_ root: DocumentMapping, _ path: String) throws(NetworkFileFault) -> System {
        if let folder = root.optional("system_folder") {
            guard root.optional("customers") == nil else { throw folder.fault("customers and system_folder exclude each other", "Keep one of them.") }
            return .folder(beside(path, try folder.text(atMost: 1_000)))
        }
        return .included(accounts: beside(path, try root.required("customers").text(atMost: 1_000)))
    }

    /// A path as seen from the folder of another.
    private static func beside(_ path: String, _ other: String) -> String {
        guard !other.hasPrefix("/") else { return other }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return folder.isEmpty ? other : "\(folder)/\(other)"
    }

    private static func chain(_ field: DocumentField, _ network: Network) throws(NetworkFileFault) -> ChainID {
        let text = try field.text()
        guard let id = ChainID(text), network.chains.contains(where: { $0.id == id }) else {
            throw field.fault("there is no chain \(text)", "Chains are: \(network.chains.map(\.id.description).joined(separator: ", ")).")
        }
        return id
    }

    private static func currency(_ field: DocumentField, _ chain: ChainID, _ network: Network) throws(NetworkFileFault) -> BankCurrency {
        let section = try field.mapping(["code", "asset", "digits"])
        let codeField = try section.required("code")
        let code = try codeField.text(atMost: 3)
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (65...90).contains($0) }) else { throw codeField.fault("\(code) is no currency", "Write three capital letters.") }
        let assetField = try section.required("asset")
        let asset = try assetField.text()
        let assets = Set(network.chain(chain)?.genesis.flatMap { $0.balances.map(\.asset) } ?? [])
        guard let id = AssetID(asset), assets.contains(id) else {
            throw assetField.fault("there is no asset \(asset) on \(chain)", "Assets there: \(assets.map(\.description).sorted().joined(separator: ", ")).")
        }
        let digits = try section.required("digits").number(0...UInt64(BankLimits.fractionDigits))
        return BankCurrency(code: code, asset: id, digits: Int(digits))
    }

    private static func bic(_ field: DocumentField) throws(NetworkFileFault) -> String {
        let text = try field.text(atMost: 20)
        let bytes = Array(text.utf8)
        let isBIC = (bytes.count == 8 || bytes.count == 11) && bytes.enumerated().allSatisfy { index, byte in
            (65...90).contains(byte) || (!(4...5).contains(index) && (48...57).contains(byte))
        }
        guard isBIC else { throw field.fault("\(text) is no BIC", "Write 8 or 11 capital letters and digits; the fifth and sixth are the country.") }
        return text
    }

    private static func partner(_ field: DocumentField, _ network: Network, _ book: AddressBook) throws(NetworkFileFault) -> BankPartner {
        let section = try field.mapping(["bic", "chain", "account", "currency"])
        let chain = try self.chain(section.required("chain"), network)
        let accountField = try section.required("account")
        let account = try accountField.text(atMost: 64)
        let key: PublicKey
        if let entry = book[account] {
            key = entry.key
        } else {
            do throws(Bech32mFault) {
                key = try Address(account).publicKey
            } catch {
                throw accountField.fault("\(account) is neither in the address book nor an address: \(error)", "Give the partner bank's address on its chain.")
            }
        }
        return BankPartner(bic: try bic(section.required("bic")), chain: chain, account: key, currency: try currency(section.required("currency"), chain, network))
    }
}

/// The accounts that the included ledger begins with.
package enum CustomerFile {
    private static let byteCountMax = 16 << 20
    private static let accountsMax = 100_000

    /// Reads and checks a file of accounts.
    package static func read(_ path: String) throws(NetworkFileFault) -> [CustomerLedger.Account] {
        let text = try TextFile.read(path, byteCountMax: byteCountMax, whenMissing: "Name a file of accounts, for example examples/banks/euro-customers.yaml.")
        let root = try DocumentField.document(text, file: path).mapping(["accounts"])
        var accounts: [CustomerLedger.Account] = []
        var numbers: Set<String> = []
        for field in try root.required("accounts").list(atMost: accountsMax) {
            let section = try field.mapping(["number", "name", "balance", "state"])
            let numberField = try section.required("number")
            let text = try numberField.text(atMost: BankLimits.accountBytes)
            guard let number = AccountNumber(text), ![CustomerLedger.reserved, CustomerLedger.suspense, CustomerLedger.ledgerAccount].contains(text) else {
                throw numberField.fault("\(text) is no account number", "Write printable characters without spaces.")
            }
            guard numbers.insert(text).inserted else { throw numberField.fault("the account \(text) occurs twice", "Keep one of them.") }
            var state = CustomerLedger.Account.State.open
            if let stateField = section.optional("state") {
                let word = try stateField.text()
                guard let known = CustomerLedger.Account.State(rawValue: word) else { throw stateField.fault("\(word) is no state of an account", "Use open, closed or blocked.") }
                state = known
            }
            accounts.append(
                CustomerLedger.Account(
                    number: number, name: try section.required("name").text(atMost: 140), state: state,
                    opening: try section.required("balance").number(0...UInt64(Int64.max / Int64(accountsMax)))))
        }
        return accounts
    }
}
