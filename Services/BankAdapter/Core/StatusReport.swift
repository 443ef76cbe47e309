import Wire

/// What a pain.002 says of a file, as things stand.
package struct StatusReport: Hashable, Sendable {
    /// One instruction.
    package struct Row: Hashable, Sendable {
        package var instruction: InstructionEntry
        /// ISO's status of a transaction: `ACTC`, `ACCP`, `ACSP`, `ACSC` or `RJCT`.
        package var status: String
        package var reason: StatusReason?
        /// Nil before it is signed.
        package var submitted: SubmittedPayment?
    }

    /// One `PmtInf`.
    package struct Batch: Hashable, Sendable {
        package var id: String
        package var status: String
        package var rows: [Row]
    }

    package var header: MessageHeader
    /// ISO's status of the whole: `RJCT`, `PART`, `ACSC`, `ACSP` or `ACTC`.
    package var status: String
    package var batches: [Batch]
    package var isFinal: Bool

    package var rows: [Row] { batches.flatMap(\.rows) }
}

extension BankDesk {
    /// The report of a file that was taken in; nil for any other.
    package func report(_ fingerprint: String) -> StatusReport? {
        guard let message = messages[fingerprint] else { return nil }
        var batches: [StatusReport.Batch] = []
        for reference in message.instructions {
            guard let entry = instructions[reference] else { continue }
            if batches.last?.id != entry.batch { batches.append(StatusReport.Batch(id: entry.batch, status: "", rows: [])) }
            batches[batches.count - 1].rows.append(BankDesk.row(entry))
        }
        for index in batches.indices { batches[index].status = BankDesk.status(of: batches[index].rows.map(\.status)) }
        let status = message.header.refusals.isEmpty ? BankDesk.status(of: batches.flatMap { $0.rows.map(\.status) }) : "RJCT"
        return StatusReport(header: message.header, status: status, batches: batches, isFinal: isEnded(message))
    }

    private static func row(_ entry: InstructionEntry) -> StatusReport.Row {
        let (status, reason, submitted): (String, StatusReason?, SubmittedPayment?) =
            switch entry.stage {
            case .received: ("ACTC", nil, nil)
            case .reserved: ("ACCP", nil, nil)
            case .submitted(let payment), .paid(let payment): ("ACSP", nil, payment)
            case .settled(let payment): ("ACSC", nil, payment)
            case .refused(let reason): ("RJCT", reason, nil)
            // Not the end yet: the money is not back on the customer's account.
            case .returning(_, let payment): ("ACSP", nil, payment)
            case .rejected(let reason, let payment): ("RJCT", reason, payment)
            }
        return StatusReport.Row(instruction: entry, status: status, reason: reason, submitted: submitted)
    }

    /// The status of several together: of the least far, unless some are rejected and others are not.
    private static func status(of statuses: [String]) -> String {
        let rejected = statuses.reduce(0) { $0 + ($1 == "RJCT" ? 1 : 0) }
        if rejected == statuses.count { return "RJCT" }
        if rejected > 0 { return "PART" }
        return ["ACTC", "ACCP", "ACSP"].first { statuses.contains($0) } ?? "ACSC"
    }
}
