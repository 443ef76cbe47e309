import Wire

/// Amounts as ISO 20022 writes them, to and from minor units; exact, without floating point.
package enum DecimalAmount {
    /// Reads `12.50` as minor units of a currency.
    ///
    /// - Parameter digits: digits after the point that the currency has.
    /// - Throws: AM01 for zero, CH20 for too many decimals, AM12 for anything that is no amount.
    package static func read(_ text: String, digits: Int) throws(StatusReason) -> Amount {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let isNumber = !parts.isEmpty && !text.isEmpty && parts.allSatisfy { $0.allSatisfy { (48...57).contains($0) } } && !(parts[0].isEmpty && parts.count == 1)
        guard isNumber, parts[0].count + (parts.count == 2 ? parts[1].count : 0) > 0 else {
            throw StatusReason(.amount, "'\(shown(text))' is no amount: write digits, and a point before decimals")
        }
        var fraction = parts.count == 2 ? Array(parts[1]) : []
        guard parts[0].count + fraction.count <= BankLimits.amountDigits else {
            throw StatusReason(.amount, "'\(shown(text))' has more than \(BankLimits.amountDigits) digits")
        }
        guard fraction.count <= BankLimits.fractionDigits else {
            throw StatusReason(.decimals, "'\(shown(text))' has more than \(BankLimits.fractionDigits) decimals")
        }
        while fraction.count > digits, fraction.last == 48 { fraction.removeLast() }
        guard fraction.count <= digits else {
            throw StatusReason(.decimals, "'\(shown(text))' has more decimals than the \(digits) of its currency")
        }
        var amount: UInt64 = 0
        for digit in Array(parts[0]) + fraction + [UInt8](repeating: 48, count: digits - fraction.count) {
            let (product, overflow) = amount.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit - 48))
            guard !overflow, !carry else { throw StatusReason(.amountAboveMaximum, "'\(shown(text))' is more than any account can hold") }
            amount = sum
        }
        guard amount > 0 else { throw StatusReason(.zeroAmount, "the amount is zero") }
        return amount
    }

    /// Minor units as a decimal text, with all digits of the currency.
    package static func text(_ amount: Amount, digits: Int) -> String {
        var whole = "\(amount)"
        guard digits > 0 else { return whole }
        if whole.count <= digits { whole = String(repeating: "0", count: digits + 1 - whole.count) + whole }
        return "\(whole.dropLast(digits)).\(whole.suffix(digits))"
    }

    /// A sum of decimal texts, in units of the finest decimals an amount may have; nil for what is no amount or too large.
    ///
    /// For control sums, which add amounts whatever their currency.
    package static func control(_ text: String) -> UInt128? {
        let digits = BankLimits.fractionDigits
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.allSatisfy({ $0.allSatisfy { (48...57).contains($0) } }) else { return nil }
        var fraction = parts.count == 2 ? Array(parts[1]) : []
        while fraction.count > digits, fraction.last == 48 { fraction.removeLast() }
        guard whole.count + fraction.count > 0, whole.count <= BankLimits.amountDigits, fraction.count <= digits else { return nil }
        var sum: UInt128 = 0
        for digit in Array(whole) + fraction + [UInt8](repeating: 48, count: digits - fraction.count) { sum = sum * 10 + UInt128(digit - 48) }
        return sum
    }

    /// A rate as a fraction: at most 11 digits (ISO's BaseOneRate); nil for what is none.
    static func rate(_ text: String) -> (numerator: UInt128, denominator: UInt128)? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.allSatisfy({ $0.allSatisfy { (48...57).contains($0) } }) else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard (1...11).contains(whole.count + fraction.count) else { return nil }
        let number = (Array(whole) + fraction).reduce(UInt128(0)) { $0 * 10 + UInt128($1 - 48) }
        return (number, fraction.reduce(UInt128(1)) { scale, _ in scale * 10 })
    }

    /// A few characters of somebody's text, for an error.
    static func shown(_ text: String) -> String {
        String(text.unicodeScalars.prefix(40).map { (32..<127).contains($0.value) ? Character($0) : "?" })
    }
}
