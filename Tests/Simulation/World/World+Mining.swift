import RoleKit
import Wire

extension World {
    /// Draws how long a search for a nonce takes. All miners of a chain are equally strong, so strong that together they find a block of
    /// the easiest target in one interval on average.
    func mine(_ job: MiningJob, token: UInt64, by instance: Instance) {
        instance.mining = (token, job)
        let chain = instance.context.chain
        guard let rule = chain.work else { preconditionFailure("only builders of mined chains mine") }
        let hashes = WorkRule.work(of: job.target)
        let mean = hashes * rule.intervalMilliseconds * 1_000 * UInt64(chain.nodes.count) / rule.difficulty
        // A search has no memory: so many parts of the mean pass until one of them is lucky.
        let part = max(1, mean / World.partsOfMean)
        var time = random.below(part)
        while random.below(World.partsOfMean) > 0 { time += part }
        queue.push(.mined(instance: instance.index, life: instance.life, token: token), at: now + 1 + time)
    }

    private static let partsOfMean: UInt64 = 16

    /// The search is over: the nonce that it would have found is looked for here.
    func mined(_ event: Event, _ instance: Instance, life: UInt64, token: UInt64) {
        guard instance.life == life, instance.isRunning, let (current, job) = instance.mining, current == token else { return }
        if postpone(event, instance) { return }
        instance.mining = nil
        var search = NonceSearch(job)
        var nonce: UInt64?
        while nonce == nil { nonce = search.search(1_024) }
        guard let nonce else { return }
        turn(instance, .mined(token: token, nonce: nonce))
    }
}
