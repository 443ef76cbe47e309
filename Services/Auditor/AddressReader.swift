/// Reads account and node addresses: bech32m (BIP 350) with the prefix `cc` over the 32 key bytes.
enum AddressReader {
    private static let prefix = "cc"
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let checksumDigits = 6
    private static let bech32m: UInt32 = 0x2bc8_30a3

    /// - Returns: nil unless the text is an address whose checksum holds.
    static func key(_ text: String) -> Bytes? {
        guard text == text.lowercased(), text.hasPrefix(prefix + "1") else { return nil }
        var digits: [UInt8] = []
        for letter in text.utf8.dropFirst(prefix.utf8.count + 1) {
            guard let digit = alphabet.firstIndex(of: letter) else { return nil }
            digits.append(UInt8(digit))
        }
        let expanded = prefix.utf8.map { $0 >> 5 } + [0] + prefix.utf8.map { $0 & 31 }
        guard digits.count > checksumDigits, checksum(expanded + digits) == bech32m else { return nil }
        return bytes(digits.dropLast(checksumDigits))
    }

    private static func checksum(_ digits: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        var state: UInt32 = 1
        for digit in digits {
            let top = state >> 25
            state = (state & 0x1ff_ffff) << 5 ^ UInt32(digit)
            for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { state ^= generator[bit] }
        }
        return state
    }

    /// Groups of five bits as bytes; the padding is shorter than a group and zero.
    private static func bytes(_ digits: ArraySlice<UInt8>) -> Bytes? {
        var (buffer, bits): (UInt32, UInt32) = (0, 0)
        var bytes = Bytes()
        for digit in digits {
            buffer = (buffer << 5 | UInt32(digit)) & 0xfff
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        guard bits < 5, buffer & (1 << bits - 1) == 0, bytes.count == Sodium.keyBytes else { return nil }
        return bytes
    }
}
