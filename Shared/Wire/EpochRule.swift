/// How a chain's slots fall into epochs, each with an electorate of its own (docs/protocol.md, epochs). Slots decide, never clocks.
package struct EpochRule: Hashable, Sendable {
    /// Slots of one epoch.
    package let slots: UInt64
    /// Slots before an epoch's end at which the next electorate is settled; the most that a node may be ahead of the final block.
    package let margin: UInt64

    /// - Precondition: 1 <= margin < slots.
    package init(slots: UInt64, margin: UInt64) {
        precondition(EpochRule.isSound(slots: slots, margin: margin), "an epoch is longer than its margin")
        self.slots = slots
        self.margin = margin
    }

    /// Whether a rule can be made of these numbers.
    package static func isSound(slots: UInt64, margin: UInt64) -> Bool { margin >= 1 && margin < slots && slots <= Limits.epochSlots }

    /// The epoch of a slot; slot 0, which stands for genesis, is of epoch 0.
    package func epoch(of slot: Slot) -> Epoch { slot == 0 ? 0 : (slot - 1) / slots }

    /// The last slot of an epoch; the last of all where numbers end.
    package func lastSlot(of epoch: Epoch) -> Slot {
        let (product, overflow) = (epoch &+ 1).multipliedReportingOverflow(by: slots)
        return overflow || epoch == .max ? .max : product
    }

    /// The last slot whose block may still have a say in the next electorate.
    package func cut(of epoch: Epoch) -> Slot { lastSlot(of: epoch) - margin }

    /// The epoch whose electorate the block of a slot settles when none before it has: the next one, for slots past the cut.
    package func settledEpoch(by slot: Slot) -> Epoch? {
        let epoch = epoch(of: slot)
        return slot > cut(of: epoch) ? epoch + 1 : nil
    }
}
