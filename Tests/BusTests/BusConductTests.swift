import BusCore
import Cryptography
import Foundation
import Schema
import Testing
import Wire

/// Who oversteps is cut off (BUS-28), and who is listed may change while the bus runs (BUS-29).
@Suite struct BusConductTests {
    let collector = BusSteps.member(1)
    let other = BusSteps.member(2)
    let collectorName = "collector.alpha@alpha-1"

    /// The alarms that the bus itself publishes.
    private func alarms(_ effects: [BusEffect]) -> [String] {
        effects.compactMap { effect in
            guard case .fanOut(let topic, _, let body) = effect, topic == "alarm", case .alarm(let alarm)? = try? Message(decoding: body, network: BusSteps.network) else { return nil }
            return alarm.code
        }
    }

    private func keptOut(_ effects: [BusEffect]) -> [[String]] { effects.compactMap { if case .keepOut(let members) = $0 { members } else { nil } } }

    private func reopens(_ effects: [BusEffect]) -> Bool { effects.contains { if case .reopenFanOut = $0 { true } else { false } } }

    @Test("one overstep is an alarm, a row of them cuts the member off: it is not looked at, cannot come in, and is not heard, for a while")
    func cutOff() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        let first = steps.publish(collector, user: collectorName, 1, "vote.alpha", [1])
        #expect(alarms(first) == ["overstep"] && keptOut(first).isEmpty)
        var last: [BusEffect] = []
        for number in 2...UInt64(BusLimits.overstepsAtOnce + 1) {
            #expect(keptOut(last).isEmpty)
            last = steps.publish(collector, user: collectorName, number, "vote.alpha", [1])
        }
        #expect(alarms(last) == ["cut_off"] && keptOut(last) == [[collectorName]] && reopens(last))
        #expect(BusSteps.said(last, to: collector).last?.rejected.reason == BusReason.cutOff.rawValue && steps.bus.connectionCount == 0)
        let after = steps.publish(collector, user: collectorName, 40, "tx.alpha", [1])
        #expect(BusSteps.fannedOut(after).isEmpty && BusSteps.counted(after, .frameWhileCutOff) == 1)
        // Neither its other replicas come in, nor is anybody else concerned.
        #expect(steps.hello(other, "collector.alpha@alpha-1/2").map(\.rejected.reason) == [BusReason.cutOff.rawValue])
        #expect(steps.hello(BusSteps.member(7), "consensus.alpha@alpha-1").first?.welcome.site == "alpha")
        steps.wait(BusTiming.cutOffMilliseconds + 1)
        #expect(keptOut(steps.apply(.tick)) == [[]])
        #expect(steps.hello(collector, collectorName).first?.welcome.site == "alpha")
        #expect(!BusSteps.fannedOut(steps.publish(collector, user: collectorName, 1, "tx.alpha", [1])).isEmpty)
    }

    @Test("oversteps that lie far apart are forgiven, but not forgotten to be counted")
    func forgiven() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        for number in 1...UInt64(3 * BusLimits.overstepsAtOnce) {
            let effects = steps.publish(collector, user: collectorName, number, "vote.alpha", [1])
            #expect(keptOut(effects).isEmpty && BusSteps.counted(effects, .forbiddenPublish) == 1)
            steps.wait(1_000)
        }
    }

    @Test("a call or news that a member has no right to, and what is no frame, are oversteps as well")
    func otherOversteps() {
        for act in 0...1 {
            var steps = BusSteps()
            steps.hello(collector, "tap@alpha")
            var codes: [String] = []
            for id in 1...UInt64(BusLimits.overstepsAtOnce + 1) {
                var frame = PBToBus()
                frame.call.id = id
                frame.call.service = "secret.service"
                codes += alarms(steps.apply(act == 0 ? .received(collector, user: "tap@alpha", frame) : .malformed(collector)))
            }
            #expect(codes == ["overstep", "cut_off"], "\(act)")
        }
    }

    @Test("a member that floods is cut off; one at the bound is not")
    func floods() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        var frame = PBToBus()
        frame.backfill.from = 1
        frame.backfill.through = 1
        frame.backfill.site = "alpha"
        frame.backfill.topic = "tx.alpha"
        for _ in 0..<BusLimits.memberBurstFrames { #expect(keptOut(steps.apply(.received(collector, user: collectorName, frame))).isEmpty) }
        #expect(alarms(steps.apply(.received(collector, user: collectorName, frame))) == ["cut_off"])
    }

    @Test("a member that subscribes to ever more is cut off, and the fan-out door is opened anew so that its subscriptions are gone")
    func subscriptions() {
        var steps = BusSteps()
        for _ in 0..<BusLimits.memberSubscriptions { #expect(steps.apply(.subscribed(user: collectorName)).isEmpty) }
        let effects = steps.apply(.subscribed(user: collectorName))
        #expect(alarms(effects) == ["cut_off"] && reopens(effects) && keptOut(effects) == [[collectorName]])
        #expect(steps.apply(.subscribed(user: collectorName)).isEmpty, "it is out already")
    }

    @Test("subscriptions of all who come and go do not pile up without end")
    func subscriptionsOfAll() {
        var steps = BusSteps()
        for _ in 0..<BusLimits.subscriptions { #expect(!reopens(steps.apply(.subscribed(user: nil)))) }
        #expect(reopens(steps.apply(.subscribed(user: nil))) && !reopens(steps.apply(.subscribed(user: nil))))
    }

    @Test("a member that is listed no more, or has lost its key, goes at once; one that is new comes in; rights change")
    func ruled() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        steps.hello(other, "consensus.alpha@alpha-1")
        var rules = steps.bus.rules
        rules.members["tap-9"] = MemberRights()
        rules.members[collectorName]?.publishes = []
        let added = steps.apply(.ruled(rules, withoutKey: []))
        #expect(keptOut(added) == [[]] && !reopens(added) && steps.bus.connectionCount == 2)
        #expect(steps.hello(BusSteps.member(8), "tap-9").first?.welcome.site == "alpha")
        #expect(BusSteps.fannedOut(steps.publish(collector, user: collectorName, 1, "tx.alpha", [1])).allSatisfy { $0.topic == "alarm" })
        rules.members[collectorName] = nil
        let gone = steps.apply(.ruled(rules, withoutKey: [collectorName, "consensus.alpha@alpha-1"]))
        #expect(BusSteps.said(gone, to: collector).map(\.rejected.reason) == [BusReason.forbidden.rawValue] && reopens(gone))
        #expect(BusSteps.said(gone, to: other).map(\.rejected.reason) == [BusReason.forbidden.rawValue], "its key is another one now")
        #expect(steps.hello(collector, collectorName).map(\.rejected.reason) == [BusReason.wrongName.rawValue])
        #expect(steps.hello(other, "consensus.alpha@alpha-1").first?.welcome.site == "alpha", "with the key that counts now")
    }
}
