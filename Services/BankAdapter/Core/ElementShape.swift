/// What may stand in an element of a payment file.
indirect enum ElementShape {
    /// Text and nothing else; with an attribute `Ccy` where amounts stand.
    case text
    case amount
    /// Anything: it is for people and for others, and carries no order to us.
    case opaque
    case holds([String: ElementShape])

    /// Elements that may come again; every other one stands once in its parent.
    static let repeated: Set<String> = ["PmtInf", "CdtTrfTxInf", "Ustrd", "Strd", "Authstn", "RltdRmtInf", "RgltryRptg", "InstrForCdtrAgt"]

    /// The part of pain.001.001.09 that is understood. Whatever else the standard has is refused by name: an order half understood is none.
    static let document = ElementShape.holds([
        "Document": .holds([
            "CstmrCdtTrfInitn": .holds(["GrpHdr": header, "PmtInf": batch])
        ])
    ])

    private static let header = ElementShape.holds([
        "MsgId": .text, "CreDtTm": .text, "NbOfTxs": .text, "CtrlSum": .text, "Authstn": .opaque, "InitgPty": .opaque, "FwdgAgt": .opaque,
    ])

    private static let batch = ElementShape.holds([
        "PmtInfId": .text, "PmtMtd": .text, "BtchBookg": .text, "NbOfTxs": .text, "CtrlSum": .text, "PmtTpInf": .opaque,
        "ReqdExctnDt": .holds(["Dt": .text, "DtTm": .text]), "Dbtr": .opaque, "DbtrAcct": account, "DbtrAgt": agent, "UltmtDbtr": .opaque,
        "ChrgBr": .text, "CdtTrfTxInf": instruction,
    ])

    private static let instruction = ElementShape.holds([
        "PmtId": .holds(["InstrId": .text, "EndToEndId": .text, "UETR": .text]),
        "PmtTpInf": .opaque,
        "Amt": .holds(["InstdAmt": .amount, "EqvtAmt": .holds(["Amt": .amount, "CcyOfTrf": .text])]),
        "XchgRateInf": .holds(["UnitCcy": .text, "XchgRate": .text, "RateTp": .text, "CtrctId": .text]),
        "ChrgBr": .text, "UltmtDbtr": .opaque, "CdtrAgt": agent, "Cdtr": .opaque, "CdtrAcct": account, "UltmtCdtr": .opaque, "Purp": .opaque,
        "RgltryRptg": .opaque, "Tax": .opaque, "RltdRmtInf": .opaque, "RmtInf": .holds(["Ustrd": .text, "Strd": .opaque]),
    ])

    private static let account = ElementShape.holds([
        "Id": .holds(["IBAN": .text, "Othr": .holds(["Id": .text, "SchmeNm": .opaque, "Issr": .text])]),
        "Tp": .opaque, "Ccy": .text, "Nm": .text, "Prxy": .holds(["Tp": .opaque, "Id": .text]),
    ])

    private static let agent = ElementShape.holds([
        "FinInstnId": .holds([
            "BICFI": .text, "ClrSysMmbId": .opaque, "LEI": .text, "Nm": .text, "PstlAdr": .opaque,
            "Othr": .holds(["Id": .text, "SchmeNm": .opaque, "Issr": .text]),
        ]),
        "BrnchId": .opaque,
    ])
}
