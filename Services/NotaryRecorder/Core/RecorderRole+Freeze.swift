import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Rule R8: what this notary wants frozen or thawed, and what it proposes when enough notaries want it; and which chains leave (J-7).
extension RecorderRole {
    /// A notary's wish: passed on by whoever holds it, so that it outlives restarts.
    mutating func hear(_ consent: Consent) -> Bool {
        guard let chain = network.chain(consent.chain), isOpen(consent) else { return false }
        let key = consent.authorization.key
        let isNotarys = electorates.contains { $0.contains(key) }
        guard consent.wish == .leave ? isNotarys || chain.hasNode(key) : isNotarys && chain.engine != .pow else { return false }
        if consents.has(consent.chain, consent.wish, by: key) { return true }
        guard context.verify(consent.check(network: network.id)) else { return false }
        consents.add(consent)
        return true
    }

    /// The notaries of the next slot, and those of the epoch after it once they are known: they may consent before it begins.
    var electorates: [Electorate] {
        let epoch = network.notary.epoch(of: tree.finalSlot + 1)
        return [epoch, epoch + 1].compactMap { $0 <= book.newestEpoch(of: .notary) ? book.electorate(of: .notary, epoch: $0) : nil }
    }

    /// Whether a consent is of this time: it names the last change of the chain's status, and asks for another one.
    private func isOpen(_ consent: Consent) -> Bool {
        let freeze = view[consent.chain]?.freezes.last
        let since = freeze.map { $0.thawedAt ?? $0.notaryHeight } ?? 0
        guard consent.since == since, !view.hasLeft(consent.chain) else { return false }
        return consent.wish == .leave || (consent.wish == .freeze) != (view.frozen(consent.chain) != nil)
    }

    /// Looks whether a chain is to be frozen by the configured consequences: this notary consents by itself.
    mutating func considerFreezing(at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        guard let signer = electorates.first.flatMap({ context.keys.seat(in: $0)?.signer }) else { return [] }
        for (position, chain) in subChains where !isMined(position) && view.frozen(chain) == nil {
            guard !consents.has(chain, .freeze, by: signer.publicKey), isToFreeze(chain, position, at: now) else { continue }
            let since = view[chain]?.freezes.last?.thawedAt ?? 0
            let consent = Consent(chain: chain, wish: .freeze, since: since, network: network.id, signer: signer)
            consents.add(consent)
            effects += [
                .publish(.evidence, .consent(consent)),
                .raise(code: "freeze_wanted", detail: "this notary consents to freeze \(chain)", severity: .warning),
            ]
        }
        return effects
    }

    private func isToFreeze(_ chain: ChainID, _ position: Int, at now: Moment) -> Bool {
        let rule = network.consequences
        if rule.silentMilliseconds > 0, now.monotonicMilliseconds >= lastFinalMilliseconds[position] + rule.silentMilliseconds { return true }
        guard rule.twoFinals == .freeze else { return false }
        let recorded = recordedHeight(chain)
        return recordedForks.contains { $0.chain == chain && $0.place > recorded }
    }

    /// Says again, now and then, what is wanted and not done yet.
    mutating func repeatConsents(at now: Moment) -> [RoleEffect] {
        let more = considerFreezing(at: now)
        return more + consents.all.map { .publish(.evidence, .consent($0)) } + pauses.all.map { .publish(.evidence, .pauseConsent($0)) } + applications.all.map { .publish(.evidence, .admission($0)) }
            + work(at: now) + [
            .setTimer(Timers.consents, afterMilliseconds: network.timing.republishMilliseconds)
        ]
    }

    /// Changes of status that may stand in a block on the ledger's state.
    ///
    /// - Parameters:
    ///   - records: of the same block: a chain leaves above them, and is frozen only where none of them is its own.
    ///   - slot: of the block that would hold them; nil for any later one.
    func statusChanges(_ ledger: LedgerState, recording records: [Record] = [], slot: Slot?) -> [StatusChange] {
        guard let notaries = ledger.notaries(of: slot ?? tree.finalSlot + 1) else { return [] }
        return ledger.subChains.compactMap { description in
            let chain = description.id
            guard var change = wanted(of: description, ledger, notaries, slot: slot) else { return nil }
            if let newest = records.last(where: { $0.final.header.chain == chain })?.final {
                // A chain that is never quiet for long leaves right above what is recorded of it.
                guard change.isLeave else { return nil }
                change.head = .init(height: newest.header.height, hash: newest.hash)
            }
            guard change.isFreeze, let slot else { return change }
            // A contested chain may not be freezable before a branch of it is recorded, which other turns try.
            switch turn(of: slot) {
            case .freeze: return change
            case .record: return isContested(chain, after: ledger.head(of: chain)?.height ?? 0, ledger) ? nil : change
            case .ordinary, .judgement: return nil
            }
        }
    }

    /// The change of a chain's status that enough have consented to, on the ledger's state. Freezing comes before leaving, which may have to wait
    /// for long; and of a frozen chain leaving before thawing.
    ///
    /// - Parameter slot: of the block that would hold it; nil for any later one, in which a chain that has to be paused for a while may leave.
    private func wanted(of description: ChainDescription, _ ledger: LedgerState, _ notaries: Electorate, slot: Slot?) -> StatusChange? {
        let chain = description.id
        let members = notaries.members.map(\.key)
        let nodes = description.nodes.map(\.key)
        let status = ledger.status(of: chain)
        // On a branch whose own change of status is not final yet, the consents to that change are still here, and are none to another.
        guard status?.hasLeft != true else { return nil }
        let since = status?.notaryHeight ?? 0
        let given = { (wish: ChainWish, keys: [PublicKey]) in consents.authorizations(for: chain, wish, since: since, members: keys) }
        let isFrozen = status?.isFrozen ?? false
        let leave = StatusChange(chain: chain, head: head(of: chain, ledger), since: since, consents: given(.leave, members), nodes: given(.leave, nodes))
        let change = StatusChange(
            chain: chain, head: isFrozen ? nil : head(of: chain, ledger), since: since, consents: given(isFrozen ? .thaw : .freeze, members))
        let mayLeave = ledger.fault(leaving: description, at: slot == nil ? .max : ledger.height + 1, slot: slot ?? tree.finalSlot + 1) == nil
        let ready = (isFrozen ? [leave, change] : [change, leave]).filter { !$0.isLeave || mayLeave }
        return ready.first { StateCheck.fault(in: $0, notaries: notaries, nodes: nodes) == nil }
    }

    private func head(of chain: ChainID, _ ledger: LedgerState) -> StatusChange.Head {
        ledger.head(of: chain).map { .init(height: $0.height, hash: $0.hash) } ?? .init(height: 0, hash: network.genesisHash(of: chain))
    }

    /// How every sub-chain stands.
    func chainStates() -> [ChainState] {
        view.lanes.map { lane in
            let freeze = lane.freezes.last
            let wishes = consents.all.filter { $0.chain == lane.chain }
            let nodes = network.chain(lane.chain)?.nodes ?? []
            let notary = { (consent: Consent) in electorates.flatMap(\.members).first { $0.key == consent.authorization.key }?.node }
            let node = { (consent: Consent) in nodes.first { $0.key == consent.authorization.key }?.id }
            return ChainState(
                chain: lane.chain, height: lane.height, hash: lane.hash, frozen: view.frozen(lane.chain) != nil,
                since: freeze.map { $0.thawedAt ?? $0.notaryHeight } ?? 0, time: recordedTimes[lane.chain] ?? 0,
                consents: wishes.filter { $0.wish != .leave }.compactMap(notary), left: view.hasLeft(lane.chain),
                leavers: wishes.filter { $0.wish == .leave }.flatMap { [node($0), notary($0)].compactMap { $0 } })
        }
    }

    // MARK: branches that the notary chain has ruled out

    /// Whether a final block may be archived, as far as the notary chain has been read: it is not void, and not beside the recorded head,
    /// nor beside what this notary's validator follows, because nothing else can be proposed for the record here.
    func isAcceptable(_ header: BlockHeader) -> Bool {
        guard header.chain != .notary, let lane = view[header.chain] else { return true }
        return !isAgainstOwn(header) && view.voidness(of: header) == nil && (header.height != lane.height || header.hash == lane.hash)
    }

    /// Whether this notary's validator follows another final block of a height that is not recorded. What is recorded decides; of a mined
    /// chain nothing else is archived.
    func isAgainstOwn(_ header: BlockHeader) -> Bool {
        guard let lane = view[header.chain], lane.height < header.height, network.chain(header.chain)?.engine != .pow else { return false }
        return unrecorded.endorsed(header.chain, at: header.height).map { $0 != header.hash } ?? false
    }

    /// This notary's validator says what it follows. An archive that has come to another final block of that height goes that way too.
    mutating func endorse(_ chain: ChainID, height: Height, _ block: Digest) -> [RoleEffect] {
        unrecorded.endorse(chain, height: height, block: block)
        guard let own = unrecorded.final(of: chain, at: height), isAgainstOwn(own.header), let lane = view[chain],
            let position = chains.firstIndex(of: chain)
        else { return [] }
        let effects = refollow(position, from: lane.height, lane.hash, isOwnFirst: true)
        return [.persist(takeRewound())] + effects
    }

    /// Follows a chain from another block on, a little later. What is archived above it goes, together with the block that says so.
    ///
    /// - Parameter isOwnFirst: whether this notary's validator is asked first: it is on the branch that counts here.
    mutating func refollow(_ position: Int, from height: Height, _ head: Digest, isOwnFirst: Bool = false) -> [RoleEffect] {
        refollowed += 1
        let newest = followers[position].height
        if newest > height {
            for gone in height + 1...newest { rewound.append(.delete(RecorderRole.archive(position), key: gone)) }
            rewound += index.rewind(position, to: height, head)
        }
        let archives = RecorderRole.archives(of: chains[position], context)
        // This notary's validator stands last. A follower that begins after so many attempts asks an archive first, and that one.
        let attempts = isOwnFirst ? UInt64(archives.count > 2 ? 2 * (archives.count - 2) : 2 * archives.count) : refollowed
        followers[position] = ChainFollower(
            book: book, chain: chains[position], verify: context.verify, height: height, head: height == 0 ? nil : head,
            timer: Timers.follower + UInt8(position), calls: Calls.follower + UInt64(position) << 40 + (refollowed & 7) << 33,
            archives: archives, attempts: attempts)
        unrecorded.clear(position: position)
        return [.setTimer(TimerID(kind: Timers.refollow, key: UInt64(position)), afterMilliseconds: network.timing.fetchMilliseconds)]
    }

    /// What has to be stored because archives have gone back.
    mutating func takeRewound() -> [StoreOperation] {
        defer { rewound = [] }
        return rewound
    }

    /// The notary chain records or freezes: archives that went another way go back.
    mutating func obey(_ changes: [NotaryView.Change], at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for change in changes {
            switch change {
            case .recorded, .closed, .declared: continue
            case .paused(let change): effects.append(tell(change))
            case .left(let chain): consents.forget(chain)
            case .frozen(let chain):
                consents.forget(chain)
                guard let lane = view[chain], let position = chains.firstIndex(of: chain), followers[position].height > lane.height else { continue }
                effects += refollow(position, from: lane.height, lane.hash)
            case .thawed(let chain):
                consents.forget(chain)
                guard let position = chains.firstIndex(of: chain) else { continue }
                // Its silence counts anew.
                lastFinalMilliseconds[position] = now.monotonicMilliseconds
                effects.append(.setTimer(TimerID(kind: Timers.refollow, key: UInt64(position)), afterMilliseconds: network.timing.fetchMilliseconds))
            }
        }
        return effects
    }
}
