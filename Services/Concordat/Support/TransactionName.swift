import Cryptography

/// Transaction ids and xids as people give them.
enum TransactionName {
    static func read(_ text: String) throws -> Digest {
        guard let digest = Hexadecimal.decode(text).flatMap({ Digest($0) }) else {
            throw Failure(.usage, "'\(text)' is no transaction id", "Give the 64 hexadecimal digits that send and pay print.")
        }
        return digest
    }
}
