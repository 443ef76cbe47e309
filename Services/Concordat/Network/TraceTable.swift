import Cryptography
import Foundation
import WalletCore
import WalletDesk
import Wire

/// What recorders saw of a transaction, as a table.
enum TraceTable {
    /// A step as it is shown: several notaries doing the same to the same block are one.
    private struct Row {
        var step: Trace.Step
        var sources: [String]
    }

    /// - Parameter marks: the wallet's own steps.
    static func lines(_ trace: Trace, marks: [(mark: PaymentMark, wallMilliseconds: UInt64)]) -> [String] {
        let rows = rows(trace, marks: marks)
        guard let first = rows.first?.step.time else { return [] }
        var table = [["STEP", "AT", "TOOK", "WHAT", "CHAIN", "BLOCK", "BY"]]
        var before = first
        for row in rows {
            let step = row.step
            table.append([
                step.step, "\(step.time - first) ms", step.time > before ? "+\(step.time - before) ms" : "", Console.printable(step.what), step.chain,
                step.height > 0 ? "\(step.height)" : "", by(row.sources),
            ])
            before = step.time
        }
        return Table.lines(table)
    }

    /// In order of time; of steps that stand several times, the first time counts.
    private static func rows(_ trace: Trace, marks: [(mark: PaymentMark, wallMilliseconds: UInt64)]) -> [Row] {
        var steps = trace.steps
        for mark in marks {
            let (step, what): (String, String)
            switch mark.mark {
            case .signed: (step, what) = ("S810", "payer's device made and signed it")
            case .accepted: (step, what) = ("S820", "a collector has checked and stored it")
            case .sentAgain: (step, what) = ("S821", "payer's device sent it again: known, nothing happens twice")
            default: continue
            }
            steps.append(Trace.Step(step: step, what: what, source: "wallet", chain: "", height: 0, time: mark.wallMilliseconds))
        }
        steps.sort { ($0.time, $0.step) < ($1.time, $1.step) }
        var rows: [Row] = []
        for step in steps {
            if let known = rows.firstIndex(where: {
                $0.step.step == step.step && $0.step.what == step.what && $0.step.chain == step.chain && $0.step.height == step.height
            }) {
                if !rows[known].sources.contains(step.source) { rows[known].sources.append(step.source) }
            } else {
                rows.append(Row(step: step, sources: [step.source]))
            }
        }
        return rows
    }

    private static func by(_ sources: [String]) -> String {
        sources.count > 1 ? "\(sources[0]) and \(sources.count - 1) more" : sources[0]
    }
}
