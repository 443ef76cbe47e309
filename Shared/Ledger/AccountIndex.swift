import Cryptography

/// Finds an account's place by its key: open addressing with linear probing over four-byte places.
///
/// The keys lie in the accounts themselves, which a transfer reads anyway, so a look-up costs one cache miss less than in a
/// dictionary that holds them a second time. Places are hashed with the process's own seed, as in a dictionary, so nobody can
/// choose keys that collide; nothing is ever walked, so the seed shows nowhere.
package struct AccountIndex: Sendable {
    /// A place, or `empty`; a power of two of them, at most half of them taken.
    private var buckets = ContiguousArray<Int32>(repeating: AccountIndex.empty, count: 64)
    private static let empty: Int32 = -1

    /// Without accounts.
    package init() {}

    /// The place of `key` among `slots`; nil when it has none.
    @inline(__always)
    package func place(of key: PublicKey, among slots: ContiguousArray<AccountSlot>) -> Int? {
        let mask = buckets.count - 1
        var bucket = AccountIndex.hash(key) & mask
        while true {
            let place = buckets[bucket]
            if place == AccountIndex.empty { return nil }
            if slots[Int(place)].account.key == key { return Int(place) }
            bucket = (bucket + 1) & mask
        }
    }

    /// Takes in the last of `slots`.
    ///
    /// - Precondition: its key is not in the index.
    package mutating func append(_ slots: ContiguousArray<AccountSlot>) {
        precondition(slots.count <= Int(Int32.max), "places fit four bytes")
        if slots.count * 2 > buckets.count {
            buckets = ContiguousArray(repeating: AccountIndex.empty, count: buckets.count * 2)
            for place in slots.indices { fill(place, slots[place].account.key) }
        } else {
            fill(slots.count - 1, slots[slots.count - 1].account.key)
        }
    }

    /// Takes out the last of `slots`, and closes the gap it leaves in the probing.
    ///
    /// - Precondition: it is in the index.
    package mutating func removeLast(_ slots: ContiguousArray<AccountSlot>) {
        let mask = buckets.count - 1
        var gap = AccountIndex.hash(slots[slots.count - 1].account.key) & mask
        while buckets[gap] != Int32(slots.count - 1) { gap = (gap + 1) & mask }
        var next = (gap + 1) & mask
        while buckets[next] != AccountIndex.empty {
            let home = AccountIndex.hash(slots[Int(buckets[next])].account.key) & mask
            // It may move into the gap unless its home lies behind the gap.
            if (next - home) & mask >= (next - gap) & mask {
                buckets[gap] = buckets[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        buckets[gap] = AccountIndex.empty
    }

    private mutating func fill(_ place: Int, _ key: PublicKey) {
        let mask = buckets.count - 1
        var bucket = AccountIndex.hash(key) & mask
        while buckets[bucket] != AccountIndex.empty { bucket = (bucket + 1) & mask }
        buckets[bucket] = Int32(place)
    }

    @inline(__always)
    private static func hash(_ key: PublicKey) -> Int {
        var hasher = Hasher()
        key.hash(into: &hasher)
        return hasher.finalize()
    }
}
