import Determinism
import LoadCore
import Testing

@Suite("Settings of a load run")
struct SettingsTests {
    @Test("time spans are read with their unit", arguments: [("250us", 250), ("310ms", 310_000), ("1.5s", 1_500_000), ("30s", 30_000_000), ("5m", 300_000_000), ("2h", 7_200_000_000), ("0s", 0)] as [(String, UInt64)])
    func spans(_ row: (String, UInt64)) throws { #expect(try LoadText.span(row.0) == row.1) }

    @Test("what is no time span is refused with an example", arguments: ["", "30", "s", "-1s", "1d", "1 s", "25h", "nan", "1e3s", "1..2s"])
    func noSpans(_ text: String) {
        #expect { try LoadText.span(text) } throws: { ($0 as? LoadFault)?.advice.isEmpty == false }
    }

    @Test("rates are payments a second, or a minute", arguments: [("500", 500), ("500/s", 500), ("0.5", 0.5), ("30/m", 0.5)] as [(String, Double)])
    func rates(_ row: (String, Double)) throws { #expect(try LoadText.rate(row.0) == row.1) }

    @Test("what is no rate is refused", arguments: ["", "0", "-5", "x", "5/h", "1e9", "inf", "5,5", "2000000"])
    func noRates(_ text: String) { #expect(throws: LoadFault.self) { try LoadText.rate(text) } }

    @Test("a mix gives every kind its share, and reads back as it was written")
    func mix() throws {
        let mix = try LoadMix("transfer=70,cross=20,bridge=10")
        #expect(mix.text == "transfer=70,cross=20,bridge=10" && mix.has(.bridge))
        var random = SeededRandom(seed: 1)
        var counts: [LoadKind: Int] = [:]
        for _ in 0..<100_000 { counts[mix.draw(&random), default: 0] += 1 }
        #expect((69_000...71_000).contains(counts[.transfer] ?? 0) && (19_300...20_700).contains(counts[.cross] ?? 0), "\(counts)")
        #expect(try LoadMix("cross").parts.map(\.kind) == [.cross])
    }

    @Test(
        "a mix that is none says what is wrong with it",
        arguments: [
            ("", "is no kind"), ("swap=5", "Kinds are: transfer, cross, bridge, redeem"), ("transfer=0", "above zero"), ("transfer=x", "above zero"), ("transfer=1=2", "has no share"),
            ("transfer=1,transfer=2", "stands there twice"), ("transfer=1,", "is no kind"), ("transfer=99999999999999999999", "above zero"),
        ])
    func noMix(_ row: (String, String)) {
        #expect { try LoadMix(row.0) } throws: { error in
            guard let fault = error as? LoadFault else { return false }
            return "\(fault.problem) \(fault.advice)".contains(row.1)
        }
    }

    @Test("a file of arrivals is sorted, and its remarks say nothing")
    func replay() throws {
        #expect(try ReplayFile("# seconds\n0.5\n\n 0.25 transfer\r\n2\n").times == [250_000, 500_000, 2_000_000])
        #expect { try ReplayFile("0.5\nsoon\n") } throws: { ($0 as? LoadFault)?.problem.hasPrefix("line 2: 'soon'") == true }
        #expect(throws: LoadFault.self) { try ReplayFile("# nothing\n") }
        #expect(throws: LoadFault.self) { try ReplayFile("-1\n") }
    }

    @Test("numbers are shown as people read them")
    func shown() {
        #expect([1.005, 2, 0.05, -3.26, 0].map { LoadText.decimal($0, 1) } == ["1.0", "2.0", "0.1", "-3.3", "0.0"])
        #expect(LoadText.decimal(.nan, 1) == "-" && LoadText.decimal(12.5, 0) == "13")
        #expect([310, 4_200, 310_000, 2_310_000].map { LoadText.span(microseconds: $0) } == ["310 us", "4.2 ms", "310 ms", "2.31 s"])
    }
}
