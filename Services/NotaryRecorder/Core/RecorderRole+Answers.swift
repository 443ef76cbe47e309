import Chain
import Cryptography
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
        /// Places of the question's id, once they have been looked up; nil before.
        var places: [ArchiveIndex.Place]?
        /// Blocks still to be had.
        var needs: [Need] = []
        var found: [Need: FinalBlock] = [:]
        /// Blocks whose records have yet to be looked up.
        var unrecorded: [Digest] = []
        /// Place of the record of a block.
        var recordPlaces: [Digest: ArchiveIndex.Place] = [:]
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
    mutating func requested(_ request: Request, token: UInt64, at now: Moment) -> [RoleEffect] {
        switch request {
        case .nominate(let bytes): return nominated(bytes, token: token, at: now)
        case .election: return [.reply(token: token, .election(electionView()))]
        case .contracts(let from, let limit): return [.reply(token: token, contracts(from: from, limit: limit))]
        case .receipt(let id): return ask(id, token: token, isTrace: false)
        case .trace(let id): return ask(id, token: token, isTrace: true)
        case .consent(let consent):
            guard hear(consent) else {
                return [.reply(token: token, .failure(.notAllowed, detail: "no notary's, or node's, consent to a change of this chain's status as it is now"))]
            }
            return [.publish(.evidence, .consent(consent)), .reply(token: token, .chains(chainStates())), .setTimer(Timers.consents, afterMilliseconds: 1)]
        case .pauseConsent(let consent):
            guard hear(consent) else {
                return [.reply(token: token, .failure(.notAllowed, detail: "no notary's consent to the next change of \(consent.change.target.text)"))]
            }
            return [.publish(.evidence, .pauseConsent(consent)), .reply(token: token, .pauses(pauseStates())), .setTimer(Timers.consents, afterMilliseconds: 1)]
        case .pauses: return [.reply(token: token, .pauses(pauseStates()))]
        case .admit(let admission): return admit(admission, token: token)
        case .joins: return [.reply(token: token, .joins(joins()))]
        case .chains: return [.reply(token: token, .chains(chainStates()))]
        case .fetchBlocks(let chain, let from, let limit): return fetch(chain, from: from, limit: limit, token: token, isForHeaders: false)
        case .fetchHeaders(let chain, let from, let limit):
            return fetch(chain, from: max(from, 1), limit: min(limit, Limits.headersPerAnswer), token: token, isForHeaders: true)
        case .fetchHandovers(let chain, let from): return desk.requested(chain, from: from, token: token, read: nextToken())
        case .offences(let from, let limit):
            tree.moveToFinal()
            return [.reply(token: token, recorded(from: from, limit: limit))]
        case .fetchRecorded(let chain):
            guard network.chains.contains(where: { $0.id == chain }) else {
                return [.reply(token: token, .failure(.wrongChain, detail: "no such sub-chain in this network"))]
            }
            return [.reply(token: token, .recorded(newestRecord(of: chain)))]
        default: return [.reply(token: token, .failure(.notAllowed, detail: "a recorder does not answer this"))]
        }
    }

    /// Reads from an archive what is asked for: chains' nodes that have passed blocks by a snapshot cannot show them, recorders can.
    private mutating func fetch(_ chain: ChainID, from height: Height, limit: Int, token: UInt64, isForHeaders: Bool) -> [RoleEffect] {
        guard let position = chains.firstIndex(of: chain) else {
            return [.reply(token: token, .failure(.wrongChain, detail: "no such chain in this network"))]
        }
        let read = nextToken()
        fetches[read] = (token, position, isForHeaders)
        return [.read(token: read, RecorderRole.archive(position), from: height, limit: limit)]
    }

    private mutating func ask(_ id: Digest, token: UInt64, isTrace: Bool) -> [RoleEffect] {
        guard answers.questions.count < PendingAnswers.maximum else {
            return [.reply(token: token, .failure(.overloaded, detail: "too many questions at once; ask again"))]
        }
        return proceed(.init(token: token, id: id, isTrace: isTrace))
    }

    /// Takes what a question needs from memory, and asks the store for the first thing that is not there; answers once all are.
    private mutating func proceed(_ asked: PendingAnswers.Question) -> [RoleEffect] {
        var question = asked
        guard question.places != nil else { return find(question.id, question) }
        while let need = question.needs.first {
            guard let item = recent[need] else {
                let read = nextToken()
                answers.questions[read] = question
                return [.read(token: read, RecorderRole.archive(need.position), from: need.height, limit: 1)]
            }
            question.needs.removeFirst()
            question.found[need] = item
            // Once a sub-chain block is here, the notary block that records it is needed too.
            let chain = chains[need.position]
            if chain != .notary, need.height <= recordedHeight(chain) { question.unrecorded.append(item.block.hash) }
        }
        if let block = question.unrecorded.first { return find(block, question) }
        guard hasFound(question) else {
            return [.reply(token: question.token, .failure(.notFound, detail: "no final block that this recorder holds has it"))]
        }
        return [.reply(token: question.token, question.isTrace ? .trace(trace(question)) : .receipt(receipt(question)))]
    }

    private mutating func find(_ id: Digest, _ question: PendingAnswers.Question) -> [RoleEffect] {
        let read = nextToken()
        answers.questions[read] = question
        return [.find(token: read, .places, key: id.a, limit: ArchiveIndex.placesMaximum)]
    }

    /// Places of the question's own id, or of a block's record, have been looked up.
    private mutating func located(_ asked: PendingAnswers.Question, _ rows: [StoredRow]) -> [RoleEffect] {
        var question = asked
        guard question.places != nil else {
            let places = index.places(of: question.id, stored: rows).filter {
                Int($0.chain) < chains.count && $0.height <= followers[Int($0.chain)].height
            }
            question.places = places
            for place in places.prefix(PendingAnswers.needsMaximum) {
                let need = PendingAnswers.Need(position: Int(place.chain), height: place.height)
                if !question.needs.contains(need) { question.needs.append(need) }
            }
            return proceed(question)
        }
        let block = question.unrecorded.removeFirst()
        for place in index.places(of: block, stored: rows) where Int(place.chain) == notaryPosition {
            question.recordPlaces[block] = place
            let need = PendingAnswers.Need(position: notaryPosition, height: place.height)
            if question.found[need] == nil, !question.needs.contains(need) { question.needs.append(need) }
        }
        return proceed(question)
    }

    private func hasFound(_ question: PendingAnswers.Question) -> Bool {
        (question.places ?? []).contains { transaction(at: $0, question) != nil }
    }

    /// The transaction that a place of the question's id names; nil when it is another's, whose id begins alike.
    func transaction(at place: ArchiveIndex.Place, _ question: PendingAnswers.Question) -> (item: FinalBlock, transaction: Transaction)? {
        guard let item = question.found[.init(position: Int(place.chain), height: place.height)],
            item.block.transactions.indices.contains(Int(place.transaction))
        else { return nil }
        let transaction = item.block.transactions[Int(place.transaction)]
        return transaction.id == question.id || transaction.xid == question.id ? (item, transaction) : nil
    }

    mutating func served(token: UInt64, _ rows: [StoredRow], at now: Moment) -> [RoleEffect] {
        if let effects = desk.served(token: token, rows) { return effects }
        for position in repairs.indices {
            if let effects = repairs[position].served(token: token, rows, head: head(position)) { return effects }
        }
        if let position = refills.removeValue(forKey: token) { return refilled(rows, position: position, at: now) }
        if let fetch = fetches.removeValue(forKey: token) { return fetched(fetch, rows) }
        guard let question = answers.questions.removeValue(forKey: token) else { return [] }
        if question.needs.isEmpty { return located(question, rows) }
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

    private mutating func fetched(_ fetch: (token: UInt64, position: Int, isForHeaders: Bool), _ rows: [StoredRow]) -> [RoleEffect] {
        let (whole, effects) = repairs[fetch.position].sift(rows, head: head(fetch.position))
        let height = followers[fetch.position].height
        let answer: Response = fetch.isForHeaders ? HeaderDesk.answer(whole, head: height, network.id) : .blocks(from: whole, network: network.id, head: height)
        return [.reply(token: fetch.token, answer)] + effects
    }
}
