import Testing
import WalletCore
import Wire

/// Files of payments and of a peg's orders.
@Suite struct OrderFileTests {
    private static let payments = "id,from,to,asset,amount,deadline_seconds,memo"
    private static let orders = "id,peg,from,to,amount,memo"

    @Test("cells may hold commas, quotes and line breaks in quotes; empty lines are none, and rows know the line they begin in")
    func rows() {
        let table = CommaSeparatedRows("\u{feff}a,b\r\n\n\"x, \"\"y\"\"\",\"two\nlines\"\nlast,\n")
        #expect(table.rows.map(\.cells) == [["a", "b"], ["x, \"y\"", "two\nlines"], ["last", ""]])
        #expect(table.rows.map(\.number) == [1, 3, 5])
        #expect(table.rows.allSatisfy { $0.problem == nil })
    }

    @Test("quotes where none may be are told", arguments: ["a,b\"c\n", "a,\"b\n"])
    func quotes(text: String) { #expect(CommaSeparatedRows(text).rows[0].problem != nil) }

    @Test("a file without a header, of other columns, of bad text, or too long is one fault in line 1")
    func noFile() {
        let texts = ["", "\n\n", "id,from\n", OrderFileTests.payments + "\n"]
        for text in texts {
            let file = BridgeFile(Array(text.utf8))
            #expect(file.lines.isEmpty && file.faults.map(\.number) == [1], "\(text)")
        }
        #expect(BridgeFile([0xff, 0xfe]).faults.map(\.problem) == ["the file is not UTF-8 text"])
        #expect(PaymentFile([UInt8](repeating: 10, count: WalletLimits.fileBytes + 1)).faults.count == 1)
        let many = OrderFileTests.orders + "\n" + String(repeating: "a\n", count: WalletLimits.fileLines + 1)
        #expect(BridgeFile(Array(many.utf8)).faults.map(\.number) == [1])
    }

    @Test("an order's line is read cell by cell")
    func order() {
        let file = BridgeFile(Array((OrderFileTests.orders + "\nl1,vault,alice,bob,10,for \u{e9}t\u{e9}\n").utf8))
        #expect(file.faults.isEmpty)
        #expect(file.lines == [BridgeFile.Line(number: 2, id: "l1", peg: "vault", from: "alice", to: "bob", amount: 10, memo: "for \u{e9}t\u{e9}")])
    }

    @Test(
        "each wrong cell of an order is told by its column, and the other lines still count",
        arguments: [
            (",vault,alice,bob,10,", "id"), ("l1,,alice,bob,10,", "peg"), ("l1,vault,,bob,10,", "from"), ("l1,vault,alice,,10,", "to"),
            ("l1,vault,alice,bob,0,", "amount"), ("l1,vault,alice,bob,-1,", "amount"), ("l1,vault,alice,bob,1.5,", "amount"),
            ("l1,vault,alice,bob,18446744073709551616,", "amount"), ("l1,vault,alice,bob,10,\(String(repeating: "m", count: 141))", "memo"),
            ("l1,vault,alice,bob,10", ""), ("ok,vault,alice,bob,10,", "id"), ("l1,vault,\"alice,bob,10,", ""),
        ])
    func wrongOrder(line: String, column: String) {
        let file = BridgeFile(Array("\(OrderFileTests.orders)\nok,vault,alice,bob,1,\n\(line)\n".utf8))
        #expect(file.lines.map(\.id) == ["ok"])
        #expect(file.faults.map(\.column) == [column] && file.faults.map(\.number) == [3])
    }

    @Test("faults of a file of payments come in the order of its lines, whatever they are")
    func paymentFaults() {
        let lines = ["p1,a,b,X,0,,", "p2,a,b,X,1,,", "p2,a,b,X,1,,", "p3,a,b,?,1,,", "p4,a,b,X,1,0,", "p5,a,b"]
        let file = PaymentFile(Array(([OrderFileTests.payments] + lines).joined(separator: "\n").utf8))
        #expect(file.lines.map(\.number) == [3])
        #expect(file.faults.map(\.number) == [2, 4, 5, 6, 7])
        #expect(file.faults.map(\.kind) == [.malformed, .duplicate, .malformed, .malformed, .malformed])
    }
}
