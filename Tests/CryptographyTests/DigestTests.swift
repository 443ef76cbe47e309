import Cryptography
import Testing

@Suite struct DigestTests {
    @Test("a digest orders as its bytes do")
    func ordersAsBytes() {
        var low = [UInt8](repeating: 0, count: 32)
        var high = low
        low[31] = 255
        high[0] = 1
        #expect(Digest(low)! < Digest(high)!)
        #expect(Digest(high)!.bytes == high)
    }

    @Test("31 or 33 bytes are no digest")
    func refusesOtherLengths() {
        #expect(Digest([UInt8](repeating: 1, count: 31)) == nil)
        #expect(Digest([UInt8](repeating: 1, count: 33)) == nil)
    }
}
