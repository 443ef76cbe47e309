import Cryptography
import Foundation
import Wire

/// `wallets/book.yaml`: names for accounts, so that people need not type addresses.
package struct AddressBook: Hashable, Sendable {
    /// One name.
    package struct Entry: Hashable, Sendable {
        package var name: String
        package var key: PublicKey
        /// Chain on which the account has its money.
        package var chain: ChainID

        package init(name: String, key: PublicKey, chain: ChainID) {
            self.name = name
            self.key = key
            self.chain = chain
        }
    }

    package static let version: UInt32 = 1
    private static let entriesMax = 1_000_000
    private static let byteCountMax = 128 * 1024 * 1024

    /// In the order of the file.
    package var entries: [Entry]

    package init(entries: [Entry]) { self.entries = entries }

    package subscript(name: String) -> Entry? { entries.first { $0.name == name } }

    /// The name of an account, if it has one.
    package func name(of key: PublicKey) -> String? { entries.first { $0.key == key }?.name }

    /// Reads and checks a book.
    package static func read(_ path: String) throws(NetworkFileFault) -> AddressBook {
        try parse(try TextFile.read(path, byteCountMax: byteCountMax, whenMissing: "Name the folder of a network that has wallets."), file: path)
    }

    /// Checks the text of a book; `file` names it in faults.
    package static func parse(_ text: String, file: String) throws(NetworkFileFault) -> AddressBook {
        let root = try DocumentField.document(text, file: file).mapping(["version", "accounts"])
        let versionField = try root.required("version")
        guard try versionField.number(1...UInt64(UInt32.max)) == UInt64(version) else {
            throw versionField.fault("this program reads version \(version)", "Update this program, or write the book anew.")
        }
        var book = AddressBook(entries: [])
        var names: Set<String> = []
        for element in try root.required("accounts").list(atMost: entriesMax) {
            let section = try element.mapping(["name", "address", "chain"])
            let nameField = try section.required("name")
            let name = try nameField.text(atMost: 64)
            guard names.insert(name).inserted else { throw nameField.fault("the name \(name) occurs twice", "Give each account its own name.") }
            book.entries.append(
                Entry(name: name, key: try Names.address(section.required("address")), chain: try Names.chain(section.required("chain"))))
        }
        return book
    }

    /// The text of a book that `parse` reads back.
    package var text: String {
        let lines = entries.map { "  - { name: \(NetworkFile.quoted($0.name)), address: \($0.key.address), chain: \($0.chain) }" }
        return (["# Names of accounts. Keys are beside it: NAME.key", "version: \(AddressBook.version)", "accounts:"] + lines)
            .joined(separator: "\n") + "\n"
    }
}
