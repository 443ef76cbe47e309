import CSodium

/// BLAKE2b with 32 bytes of output, no key (RFC 7693), by libsodium.
package enum Blake2b {
    /// The hash of some bytes.
    package static func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The hash of a buffer.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var words: Digest.Words = (0, 0, 0, 0)
        let result = withUnsafeMutableBytes(of: &words) { out in
            crypto_generichash(
                out.baseAddress!.assumingMemoryBound(to: UInt8.self), out.count,
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count), nil, 0)
        }
        precondition(result == 0, "BLAKE2b of a valid buffer cannot fail")
        return Digest(a: words.0, b: words.1, c: words.2, d: words.3)
    }

    /// The hash of a domain's tag followed by content.
    package static func hash(_ domain: Domain, _ content: [UInt8]) -> Digest {
        var bytes = domain.tagged(reserving: content.count)
        bytes.append(contentsOf: content)
        return hash(bytes)
    }

    /// The hash of a tag byte followed by two digests: a node of a tree, 65 bytes, nothing allocated.
    package static func hash(tag: UInt8, _ left: Digest, _ right: Digest) -> Digest {
        // The tag sits at offset 7, so that the words after it are aligned.
        withUnsafeTemporaryAllocation(byteCount: 72, alignment: 8) { buffer in
            buffer[7] = tag
            buffer.storeBytes(of: left.a, toByteOffset: 8, as: UInt64.self)
            buffer.storeBytes(of: left.b, toByteOffset: 16, as: UInt64.self)
            buffer.storeBytes(of: left.c, toByteOffset: 24, as: UInt64.self)
            buffer.storeBytes(of: left.d, toByteOffset: 32, as: UInt64.self)
            buffer.storeBytes(of: right.a, toByteOffset: 40, as: UInt64.self)
            buffer.storeBytes(of: right.b, toByteOffset: 48, as: UInt64.self)
            buffer.storeBytes(of: right.c, toByteOffset: 56, as: UInt64.self)
            buffer.storeBytes(of: right.d, toByteOffset: 64, as: UInt64.self)
            return hash(UnsafeRawBufferPointer(rebasing: buffer[7...]))
        }
    }
}
