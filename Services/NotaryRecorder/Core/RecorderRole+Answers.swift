import Chain
import Crypto
import Determinism
import RoleKit
import Wire

/// Questions whose archive rows are being read.
struct PendingAnswers: Sendable {
    /// A question and the rows it still needs.
    struct Question: Sendable {
        var token: UInt64
        var id: Digest
        var isTrace: Bool
        var places: [ArchiveIndex.Place]
        /// Blocks still to be had.
        var needs: [Need]
        var found: [Need: FinalBlock] = [:]
    }

    /// A row of an archive.
    struct Need: Hashable, Sendable {
        var position: Int
        var height: Height
    }

    /// Questions under way at once; beyond it the answer is `overloaded`.
    static let maximum = 256
    /// Blocks one question may need.
    static let needsMaximum = 64

    var questions: [UInt64: Question] = [:]
}

extension RecorderRole {
    mutating func requested(_ request: Request, token: UInt64) -> [RoleEffect] {
        switch request {
        case .receipt(let id): return ask(id, token: token, isTrace: false)
        case .trace(let id): return ask(id, token: token, isTrace: true)
        case .fetchBlocks(let chain, let from, let limit):
            guard let position = chains.firstIndex(of: chain) else {
                return [.reply(token: token, .failure(.wrongChain, detail: "no such chain in this network"))]
            }
            let read = nextToken()
            fetches[read] = (token, position)
            return [.read(token: read, RecorderRole.archive(position), from: from, limit: limit)]
        case .offences(let from, let limit):
            tree.moveToFinal()
            return [.reply(token: token, recorded(from: from, limit: limit))]
        default: return [.reply(token: token, .failure(.notAllowed, detail: "a recorder does not answer this"))]
        }
    }

    private mutating func ask(_ id: Digest, token: UInt64, isTrace: Bool) -> [RoleEffect] {
        let places = index.places(of: id)
        guard !places.isEmpty else {
            return [.reply(token: token, .failure(.notFound, detail: "no final block that this recorder holds has it"))]
        }
        guard answers.questions.count < PendingAnswers.maximum else {
            return [.reply(token: token, .failure(.overloaded, detail: "too many questions at once; ask again"))]
        }
        let needs = places.prefix(PendingAnswers.needsMaximum).map {
            PendingAnswers.Need(position: Int($0.chain), height: $0.height)
        }
        return proceed(.init(token: token, id: id, isTrace: isTrace, places: places, needs: needs))
    }

    /// Takes what a question needs from memory, and reads the first block that is not there; answers once all are.
    private mutating func proceed(_ asked: PendingAnswers.Question) -> [RoleEffect] {
        var question = asked
        while let need = question.needs.first {
            guard let item = recent[need] else {
                let read = nextToken()
                answers.questions[read] = question
                return [.read(token: read, RecorderRole.archive(need.position), from: need.height, limit: 1)]
            }
            question.needs.removeFirst()
            question.found[need] = item
            // Once a sub-chain block is here, the notary block that records it is needed too.
            if chains[need.position] != .notary, let height = index.record(of: item.block.hash) {
                let record = PendingAnswers.Need(position: chains.count - 1, height: height)
                if question.found[record] == nil, !question.needs.contains(record) { question.needs.append(record) }
            }
        }
        return [.reply(token: question.token, question.isTrace ? .trace(trace(question)) : .receipt(receipt(question)))]
    }

    mutating func served(token: UInt64, _ rows: [StoredRow], at now: Moment) -> [RoleEffect] {
        for position in repairs.indices {
            if let effects = repairs[position].served(token: token, rows, head: head(position)) { return effects }
        }
        if let position = refills.removeValue(forKey: token) { return refilled(rows, position: position, at: now) }
        if let fetch = fetches.removeValue(forKey: token) { return fetched(fetch.token, position: fetch.position, rows) }
        guard let question = answers.questions.removeValue(forKey: token) else { return [] }
        if let need = question.needs.first, rows.first?.isDamaged ?? false {
            let (_, effects) = repairs[need.position].sift(rows, head: head(need.position))
            return [.reply(token: question.token, .failure(.notReady, detail: "a block of the archive is being repaired; ask again"))] + effects
        }
        guard let need = question.needs.first, let row = rows.first, row.key == need.height,
            let item = try? FinalBlock(decoding: row.value, network: network.id)
        else {
            return [.reply(token: question.token, .failure(.notFound, detail: "the archive has lost a block; see the alarms"))]
        }
        recent.insert(item, at: need)
        return proceed(question)
    }

    private mutating func fetched(_ token: UInt64, position: Int, _ rows: [StoredRow]) -> [RoleEffect] {
        let (whole, effects) = repairs[position].sift(rows, head: head(position))
        return [.reply(token: token, .blocks(from: whole, network: network.id, head: followers[position].height))] + effects
    }
}
