import BankCore
import Foundation
import Testing
import Wire

@Suite struct MappingTests {
    @Test("every reason of the wire has an ISO code, and docs/banks.md says which")
    func reasons() throws {
        let text = try String(contentsOf: BankFixture.root.appendingPathComponent("docs/banks.md"), encoding: .utf8)
        for reason in Reason.allCases {
            let code = StatusCode(reason)
            #expect(text.contains("| `\(reason.code)` | \(code.rawValue) |"), "docs/banks.md says nothing of, or something else than: | `\(reason.code)` | \(code.rawValue) |")
            #expect(StatusReason(reason).narrative.contains(reason.code))
        }
        for refusal in BankRefusal.allCases {
            let row = "| `\(refusal.rawValue)` | \(refusal.code(isDebtor: true).rawValue) | \(refusal.code(isDebtor: false).rawValue) |"
            #expect(text.contains(row), "docs/banks.md lacks: \(row)")
        }
    }

    @Test("every code has four characters and is told once")
    func codes() {
        #expect(StatusCode.allCases.allSatisfy { $0.rawValue.count == 4 })
        #expect(Set(StatusCode.allCases.map(\.rawValue)).count == StatusCode.allCases.count)
    }

    @Test("amounts are read and written to the unit, at the edge of what 64 bits hold")
    func amounts() throws {
        #expect(try DecimalAmount.read("0.01", digits: 2) == 1)
        #expect(try DecimalAmount.read("12.3", digits: 2) == 1_230)
        #expect(try DecimalAmount.read("7.", digits: 2) == 700)
        #expect(try DecimalAmount.read(".5", digits: 2) == 50)
        #expect(try DecimalAmount.read("5.00000", digits: 0) == 5)
        #expect(try DecimalAmount.read("999999999999999999", digits: 0) == 999_999_999_999_999_999)
        #expect(throws: StatusReason.self) { try DecimalAmount.read("999999999999999999", digits: 2) }
        #expect(throws: StatusReason.self) { try DecimalAmount.read("٣", digits: 2) }
        for amount: UInt64 in [1, 9, 10, 99, 100, 123_456, .max] { #expect(DecimalAmount.text(amount, digits: 0) == "\(amount)") }
        #expect(DecimalAmount.text(5, digits: 2) == "0.05")
        #expect(DecimalAmount.text(123, digits: 2) == "1.23")
        #expect(DecimalAmount.control("55") == DecimalAmount.control("55.00000"))
        #expect(DecimalAmount.control("") == nil)
    }
}
