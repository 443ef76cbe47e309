import Foundation
import Schema

/// What the auditor makes of bytes by its own readers, so that tests can hold it against what the services make of the same bytes.
/// Whatever a service takes, the auditor must read alike; it may take more, because it judges what it reads later.
package enum AuditReading {
    /// Id of a transaction of `chain`, 32 bytes; nil when it is out of form.
    ///
    /// - Parameter network: id of the network, 32 bytes.
    package static func transactionID(_ bytes: [UInt8], chain: String, network: [UInt8]) -> [UInt8]? {
        (try? ParsedTransaction(Data(bytes), chain: chain, network: network))?.id
    }

    /// Hash of a block header, 32 bytes; nil when it is out of form.
    package static func headerHash(_ bytes: [UInt8]) -> [UInt8]? { ParsedHeader(Data(bytes))?.hash }

    /// Id of the network that a `network.yaml` describes, 32 bytes.
    ///
    /// - Throws: `AuditFault` when it describes none.
    package static func networkID(_ text: String) throws -> [UInt8] { try NetworkReader.parse(text, file: "network.yaml").id }
}
