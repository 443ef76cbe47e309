import Wire

extension World {
    /// Publishes on a topic: every running instance that hears it gets the frame, its publisher included, as a bus does it.
    func publish(_ message: Message, on topic: Topic, by instance: Instance) {
        if isHeldBack(message, on: topic, by: instance) { return }
        trace.mix(message)
        judge.heard(message)
        if !instance.isByzantine { judge.published(message, on: topic, by: instance.address, at: now) }
        guard let carried = instance.isByzantine ? received(message) : carry(message) else { return }
        let position = self.position(of: topic)
        let publication = Publication(
            topic: topic, topicIndex: position, message: carried, publisher: instance.name, node: instance.node, site: instance.site,
            boot: boots[instance.site])
        let base = now + plan.nearMicroseconds / 2 + random.below(plan.nearMicroseconds)
        for receiver in subscribers[position] where instances[receiver].isRunning {
            if withholds(from: instances[receiver], by: instance) || isKeptApart(carried, from: instances[receiver], by: instance) { continue }
            send(publication, to: instances[receiver], leaving: base)
        }
    }

    /// Whether a liar keeps this frame from somebody, who is told nothing of it.
    private func withholds(from receiver: Instance, by instance: Instance) -> Bool {
        guard instance.isByzantine, plan.has(.selectiveSend), receiver.node != instance.node, random.below(2) == 0 else { return false }
        tally.add(.selectiveSend)
        return true
    }

    /// What the others' doors make of a liar's message: always its bytes, and nothing when those are refused.
    private func received(_ message: Message) -> Message? { try? Message(decoding: message.encoded(), network: network.id) }

    /// Encodes and decodes a message with the seed's probability; one that does not come back is a violation.
    private func carry(_ message: Message) -> Message {
        guard isFaulty || plan.codecPerMillion == 1_000_000 else { return message }
        guard plan.codecPerMillion > 0, random.chance(perMillion: plan.codecPerMillion) else { return message }
        judge.codecUses += 1
        do {
            return try Message(decoding: message.encoded(), network: network.id)
        } catch {
            judge.findings.report(.contract, "a published message does not decode: \(error)", at: now)
            return message
        }
    }

    private func send(_ publication: Publication, to receiver: Instance, leaving: UInt64) {
        if links.isBlocked(from: publication.node, to: receiver.node) {
            links.keep(publication, for: receiver.index, life: receiver.life, from: publication.node, to: receiver.node)
            return
        }
        var due = leaving + delay(from: publication.site, to: receiver.site) + links.clogMicroseconds(publication.node, receiver.node)
        guard isFaulty, plan.linkPerMillion > 0 else {
            enqueue(publication, receiver, due: due, inOrder: true)
            return
        }
        if plan.has(.lossForGood), random.chance(perMillion: plan.linkPerMillion / 4) {
            tally.add(.lossForGood)
            queue.push(.input(instance: receiver.index, life: receiver.life, .lost(publication.topic)), at: due + random.below(2_000_000))
            return
        }
        if plan.has(.lossRepaired), random.chance(perMillion: plan.linkPerMillion) {
            tally.add(.lossRepaired)
            due += 1_000 + random.below(1_000_000)
        }
        if plan.has(.duplicate), random.chance(perMillion: plan.linkPerMillion) {
            tally.add(.duplicate)
            enqueue(publication, receiver, due: due + random.below(1_000_000), inOrder: false)
        }
        var inOrder = true
        if plan.has(.reorder), random.chance(perMillion: plan.linkPerMillion) {
            tally.add(.reorder)
            due += random.below(200_000)
            inOrder = false
        }
        enqueue(publication, receiver, due: due, inOrder: inOrder)
    }

    /// Puts a frame on its last stretch; in order, it waits for those of its stream before it.
    func enqueue(_ publication: Publication, _ receiver: Instance, due: UInt64, inOrder: Bool) {
        var due = due
        if inOrder {
            let stream = publication.topicIndex * siteNames.count + publication.site
            while receiver.lastDue.count <= stream { receiver.lastDue.append(0) }
            due = max(due, receiver.lastDue[stream])
            receiver.lastDue[stream] = due
        }
        queue.push(.deliver(instance: receiver.index, life: receiver.life, publication), at: due)
    }

    private func delay(from: Int, to: Int) -> UInt64 {
        let usual = from == to ? plan.nearMicroseconds : plan.farMicroseconds
        return usual / 2 + random.below(usual)
    }

    func deliver(_ publication: Publication, to index: Int, life: UInt64) {
        let instance = instances[index]
        guard instance.life == life, instance.isRunning else { return }
        if postpone(.deliver(instance: index, life: life, publication), instance) { return }
        // A bus that has restarted since no longer holds the frame; its subscribers are told of the restart.
        guard publication.boot == boots[publication.site] else { return }
        turn(instance, .delivered(publication.message, publisher: publication.publisher))
    }
}
