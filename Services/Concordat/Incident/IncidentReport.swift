import Wire

/// What came of running a recording through the cores, for people and for programs.
struct IncidentReport: Encodable {
    struct Role: Encodable {
        struct Raised: Encodable { var code: String, detail: String, milliseconds: UInt64 }
        var role: String
        var height: UInt64
        var turns: Int
        var peer_faults: UInt64
        var bad_signatures: UInt64
        var refused: UInt64
        var raised: [Raised]
        /// Why it does not stand where the recording does; nil when it does.
        var behind: String?
    }

    struct Chain: Encodable { var chain: String, first_final: UInt64, last_final: UInt64 }

    var frames: Int
    var unread: Int
    var chains: [Chain]
    var roles: [Role]

    init(_ outcome: Incident.Outcome) {
        frames = outcome.frames
        unread = outcome.unread
        chains = outcome.recorded.map { Chain(chain: $0.chain.description, first_final: $0.heights.lowerBound, last_final: $0.heights.upperBound) }
        roles = outcome.findings.map { finding in
            let recorded = outcome.recorded.first { $0.chain == finding.address.chain }?.heights
            return Role(
                role: finding.address.description, height: finding.height, turns: finding.turns, peer_faults: finding.peerFaults,
                bad_signatures: finding.badSignatures, refused: finding.refused,
                raised: finding.raised.map { Role.Raised(code: $0.code, detail: $0.detail, milliseconds: $0.milliseconds) },
                behind: IncidentReport.behind(finding, recorded))
        }
    }

    private static func behind(_ finding: IncidentFinding, _ recorded: ClosedRange<Height>?) -> String? {
        if let fault = finding.fault { return "it stopped: \(fault)" }
        guard let recorded, finding.height < recorded.upperBound else { return nil }
        if finding.height + 1 < recorded.lowerBound { return "the recording begins at block \(recorded.lowerBound): name an archive with --archive" }
        return "it does not take block \(finding.height + 1)"
    }

    /// Whether every role came as far as what was recorded.
    var isWhole: Bool { roles.allSatisfy { $0.behind == nil } }

    var lines: [String] {
        var rows = [["ROLE", "HEIGHT", "RECORDED", "TURNS", "PEER FAULTS", "BAD SIGNATURES", "REFUSED", "RAISED", "BEHIND"]]
        for role in roles {
            let chain = role.role.split(separator: "@")[0].split(separator: ".").last.map(String.init) ?? ""
            let raised = role.raised.map(\.code)
            var codes: [String] = []
            for code in raised where !codes.contains(code) { codes.append(code) }
            rows.append([
                role.role, "\(role.height)", chains.first { $0.chain == chain }.map { "\($0.first_final)-\($0.last_final)" } ?? "-", "\(role.turns)",
                "\(role.peer_faults)", "\(role.bad_signatures)", "\(role.refused)", codes.isEmpty ? "-" : codes.map { code in "\(code) \(raised.count { $0 == code })" }.joined(separator: ", "),
                role.behind ?? "-",
            ])
        }
        return Table.lines(rows) + ["", "\(frames) frames through \(roles.count) roles; \(unread) were for none of them"]
    }
}
