/// A pain.001.001.09 as the XML parser hands it over: texts, nothing checked yet.
package struct RawDocument: Decodable, Sendable {
    let initiation: RawInitiation

    enum CodingKeys: String, CodingKey { case initiation = "CstmrCdtTrfInitn" }
}

struct RawInitiation: Decodable, Sendable {
    let header: RawHeader
    let batches: [RawBatch]?

    enum CodingKeys: String, CodingKey {
        case header = "GrpHdr"
        case batches = "PmtInf"
    }
}

struct RawHeader: Decodable, Sendable {
    let messageID: String?
    let created: String?
    let count: String?
    let controlSum: String?

    enum CodingKeys: String, CodingKey {
        case messageID = "MsgId"
        case created = "CreDtTm"
        case count = "NbOfTxs"
        case controlSum = "CtrlSum"
    }
}

struct RawBatch: Decodable, Sendable {
    struct ExecutionDate: Decodable, Sendable {
        let date: String?
        let time: String?

        enum CodingKeys: String, CodingKey {
            case date = "Dt"
            case time = "DtTm"
        }
    }

    let id: String?
    let method: String?
    let count: String?
    let controlSum: String?
    let executionDate: ExecutionDate?
    let debtorAccount: RawAccount?
    let debtorAgent: RawAgent?
    let instructions: [RawInstruction]?

    enum CodingKeys: String, CodingKey {
        case id = "PmtInfId"
        case method = "PmtMtd"
        case count = "NbOfTxs"
        case controlSum = "CtrlSum"
        case executionDate = "ReqdExctnDt"
        case debtorAccount = "DbtrAcct"
        case debtorAgent = "DbtrAgt"
        case instructions = "CdtTrfTxInf"
    }
}

struct RawAccount: Decodable, Sendable {
    struct ID: Decodable, Sendable {
        let iban: String?
        let other: RawOther?

        enum CodingKeys: String, CodingKey {
            case iban = "IBAN"
            case other = "Othr"
        }
    }

    let id: ID?
    let currency: String?
    let proxy: RawOther?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case currency = "Ccy"
        case proxy = "Prxy"
    }
}

struct RawOther: Decodable, Sendable {
    let id: String?

    enum CodingKeys: String, CodingKey { case id = "Id" }
}

struct RawAgent: Decodable, Sendable {
    struct Institution: Decodable, Sendable {
        let bic: String?
        let other: RawOther?

        enum CodingKeys: String, CodingKey {
            case bic = "BICFI"
            case other = "Othr"
        }
    }

    let institution: Institution?

    enum CodingKeys: String, CodingKey { case institution = "FinInstnId" }
}

struct RawAmount: Decodable, Sendable {
    let text: String
    let currency: String?

    enum CodingKeys: String, CodingKey {
        case text = ""
        case currency = "Ccy"
    }
}

struct RawInstruction: Decodable, Sendable {
    struct ID: Decodable, Sendable {
        let instruction: String?
        let endToEnd: String?
        let uetr: String?

        enum CodingKeys: String, CodingKey {
            case instruction = "InstrId"
            case endToEnd = "EndToEndId"
            case uetr = "UETR"
        }
    }

    struct AmountChoice: Decodable, Sendable {
        struct Equivalent: Decodable, Sendable {
            let amount: RawAmount?
            let currency: String?

            enum CodingKeys: String, CodingKey {
                case amount = "Amt"
                case currency = "CcyOfTrf"
            }
        }

        let instructed: RawAmount?
        let equivalent: Equivalent?

        enum CodingKeys: String, CodingKey {
            case instructed = "InstdAmt"
            case equivalent = "EqvtAmt"
        }
    }

    struct Exchange: Decodable, Sendable {
        let unit: String?
        let rate: String?
        let contract: String?

        enum CodingKeys: String, CodingKey {
            case unit = "UnitCcy"
            case rate = "XchgRate"
            case contract = "CtrctId"
        }
    }

    let id: ID?
    let amount: AmountChoice?
    let exchange: Exchange?
    let creditorAgent: RawAgent?
    let creditorAccount: RawAccount?

    enum CodingKeys: String, CodingKey {
        case id = "PmtId"
        case amount = "Amt"
        case exchange = "XchgRateInf"
        case creditorAgent = "CdtrAgt"
        case creditorAccount = "CdtrAcct"
    }
}
