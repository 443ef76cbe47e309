import BankCore
import Foundation
import XMLCoder

/// A pain.002.001.10 as its schema orders it, both written and read; element names are the schema's.
package struct StatusDocument: Codable, Equatable, Sendable {
    package static let namespace = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"

    package var report: Report

    enum CodingKeys: String, CodingKey { case report = "CstmrPmtStsRpt" }

    /// `CstmrPmtStsRpt`.
    package struct Report: Codable, Equatable, Sendable {
        package var header: Header
        package var group: Group
        package var batches: [Batch]?

        enum CodingKeys: String, CodingKey {
            case header = "GrpHdr"
            case group = "OrgnlGrpInfAndSts"
            case batches = "OrgnlPmtInfAndSts"
        }
    }

    /// `GrpHdr`.
    package struct Header: Codable, Equatable, Sendable {
        package var id: String
        package var created: String
        package var agent: Agent

        enum CodingKeys: String, CodingKey {
            case id = "MsgId"
            case created = "CreDtTm"
            case agent = "DbtrAgt"
        }
    }

    /// A bank.
    package struct Agent: Codable, Equatable, Sendable {
        /// `FinInstnId`.
        package struct Institution: Codable, Equatable, Sendable {
            package var bic: String

            enum CodingKeys: String, CodingKey { case bic = "BICFI" }
        }

        package var institution: Institution

        enum CodingKeys: String, CodingKey { case institution = "FinInstnId" }
    }

    /// `OrgnlGrpInfAndSts`.
    package struct Group: Codable, Equatable, Sendable {
        package var id: String
        package var name: String
        package var created: String?
        package var count: String?
        package var sum: String?
        package var status: String
        package var reasons: [Reason]?
        package var counts: [Count]?

        enum CodingKeys: String, CodingKey {
            case id = "OrgnlMsgId"
            case name = "OrgnlMsgNmId"
            case created = "OrgnlCreDtTm"
            case count = "OrgnlNbOfTxs"
            case sum = "OrgnlCtrlSum"
            case status = "GrpSts"
            case reasons = "StsRsnInf"
            case counts = "NbOfTxsPerSts"
        }
    }

    /// `StsRsnInf`.
    package struct Reason: Codable, Equatable, Sendable {
        /// `Rsn`.
        package struct Code: Codable, Equatable, Sendable {
            package var code: String

            enum CodingKeys: String, CodingKey { case code = "Cd" }
        }

        package var code: Code?
        package var lines: [String]?

        enum CodingKeys: String, CodingKey {
            case code = "Rsn"
            case lines = "AddtlInf"
        }
    }

    /// `NbOfTxsPerSts`.
    package struct Count: Codable, Equatable, Sendable {
        package var count: String
        package var status: String

        enum CodingKeys: String, CodingKey {
            case count = "DtldNbOfTxs"
            case status = "DtldSts"
        }
    }

    /// `OrgnlPmtInfAndSts`.
    package struct Batch: Codable, Equatable, Sendable {
        package var id: String
        package var status: String
        package var rows: [Row]?

        enum CodingKeys: String, CodingKey {
            case id = "OrgnlPmtInfId"
            case status = "PmtInfSts"
            case rows = "TxInfAndSts"
        }
    }

    /// `TxInfAndSts`.
    package struct Row: Codable, Equatable, Sendable {
        package var statusID: String
        package var instructionID: String?
        package var endToEndID: String
        package var uetr: String?
        package var status: String
        package var reasons: [Reason]?
        package var reference: String
        package var ledgerReference: String?

        enum CodingKeys: String, CodingKey {
            case statusID = "StsId"
            case instructionID = "OrgnlInstrId"
            case endToEndID = "OrgnlEndToEndId"
            case uetr = "OrgnlUETR"
            case status = "TxSts"
            case reasons = "StsRsnInf"
            case reference = "AcctSvcrRef"
            case ledgerReference = "ClrSysRef"
        }
    }
}

extension StatusDocument {
    /// - Parameters:
    ///   - id: the report's own `MsgId`, at most 35 characters.
    ///   - created: ISO date and time.
    package init(_ report: StatusReport, id: String, created: String, bic: String) {
        let header = InitiationReader.presentable(report.header)
        var counts: [String: Int] = [:]
        for row in report.rows { counts[row.status, default: 0] += 1 }
        let group = Group(
            id: header.messageID, name: header.messageName, created: header.created, count: header.count, sum: header.controlSum, status: report.status,
            reasons: header.refusals.isEmpty ? nil : header.refusals.map { Reason($0) },
            counts: counts.isEmpty ? nil : counts.keys.sorted().map { Count(count: "\(counts[$0] ?? 0)", status: $0) })
        self.init(
            report: Report(
                header: Header(id: id, created: created, agent: Agent(institution: .init(bic: bic))), group: group,
                batches: report.batches.isEmpty ? nil : report.batches.map { Batch(id: $0.id, status: $0.status, rows: $0.rows.map { Row($0) }) }))
    }

    /// The file's bytes.
    package func encoded() throws -> [UInt8] {
        let encoder = XMLEncoder()
        encoder.outputFormatting = .prettyPrinted
        let data = try encoder.encode(self, withRootKey: "Document", rootAttributes: ["xmlns": StatusDocument.namespace], header: XMLHeader(version: 1.0, encoding: "UTF-8"))
        return [UInt8](data) + [UInt8(ascii: "\n")]
    }

    /// Reads a report that `encoded` wrote.
    package init(decoding bytes: [UInt8]) throws { self = try XMLDecoder().decode(StatusDocument.self, from: Data(bytes)) }
}

extension StatusDocument.Reason {
    init(_ reason: StatusReason) {
        let place = [reason.line.map { "line \($0)" }, reason.place].compactMap { $0 }.joined(separator: ", ")
        self.init(code: Code(code: reason.code.rawValue), lines: StatusDocument.lines(place.isEmpty ? reason.narrative : "\(reason.narrative) (\(place))"))
    }
}

extension StatusDocument.Row {
    /// The ledger's name has 64 characters, ISO's reference 35: half of it stands there, which names it all the same, and all of it in the words.
    init(_ row: StatusReport.Row) {
        var reasons = row.reason.map { [StatusDocument.Reason($0)] } ?? []
        if let name = row.submitted?.name { reasons.append(StatusDocument.Reason(code: nil, lines: ["ledger \(name)"])) }
        self.init(
            statusID: row.instruction.reference, instructionID: row.instruction.instructionID, endToEndID: row.instruction.endToEndID,
            uetr: row.instruction.uetr, status: row.status, reasons: reasons.isEmpty ? nil : reasons, reference: row.instruction.reference,
            ledgerReference: row.submitted.map { String($0.name.prefix(32)) })
    }
}

extension StatusDocument {
    /// Words in lines as long as the schema lets them be; what is beyond all lines is left out.
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        // Other banks' words may hold what no XML document may.
        let printable = text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .unassigned, .privateUse, .surrogate, .lineSeparator, .paragraphSeparator: Character("?")
            default: Character(scalar)
            }
        }
        var rest = String(printable)[...]
        while !rest.isEmpty, lines.count < BankLimits.narrativeLines {
            let line = rest.unicodeScalars.prefix(BankLimits.narrativeCharacters)
            lines.append(String(line))
            rest = rest[line.endIndex...]
        }
        return lines
    }
}
