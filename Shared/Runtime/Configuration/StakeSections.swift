import Cryptography
import Wire

/// The section `epochs` of a chain that has them.
enum EpochSection {
    static func read(_ field: DocumentField?, _ engine: Engine, _ chain: DocumentField) throws(NetworkFileFault) -> EpochRule? {
        guard engine == .pos else {
            if let field { throw field.fault("only a chain of engine pos has epochs", "Remove it, or change the engine.") }
            return nil
        }
        guard let field else { throw chain.fault("a chain of engine pos has epochs", "Add: epochs: { slots: 128, margin: 32 }") }
        let section = try field.mapping(["slots", "margin"])
        let slots = try section.required("slots").number(2...Limits.epochSlots)
        let marginField = try section.required("margin")
        // With fewer slots ahead, skip timeouts could end before one of them is long enough for a block.
        let margin = try marginField.number(8...UInt64(Limits.slotsAhead))
        guard EpochRule.isSound(slots: slots, margin: margin) else {
            throw marginField.fault("the margin is no shorter than the epoch", "Make epochs longer, or the margin shorter.")
        }
        return EpochRule(slots: slots, margin: margin)
    }
}

/// The section `stake` of a chain of engine pos.
enum StakeSection {
    static func read(_ field: DocumentField?, _ engine: Engine, _ chain: DocumentField) throws(NetworkFileFault) -> StakeRule? {
        guard engine == .pos else {
            if let field { throw field.fault("only on a chain of engine pos value stands behind nodes", "Remove it, or change the engine.") }
            return nil
        }
        guard let field else { throw chain.fault("a chain of engine pos names what is bonded", "Add: stake: { asset: X, minimum: 1000 }") }
        let section = try field.mapping(["asset", "minimum", "unbonding_milliseconds", "slash_numerator", "slash_denominator"])
        let assetField = try section.required("asset")
        var rule = StakeRule(asset: try Names.asset(assetField.text(), assetField))
        if let value = section.optional("minimum") { rule.minimum = try value.number(1...UInt64.max) }
        if let value = section.optional("unbonding_milliseconds") { rule.unbondingMilliseconds = try value.number(1...UInt64(Int64.max)) }
        if let value = section.optional("slash_denominator") { rule.slashDenominator = try value.number(1...UInt64.max) }
        if let value = section.optional("slash_numerator") { rule.slashNumerator = try value.number(0...rule.slashDenominator) }
        return rule
    }
}
