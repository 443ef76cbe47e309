import CSodium

/// The library behind every hash, signature and key here.
package enum SodiumLibrary {
    /// The world's fault: the library cannot work on this machine.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case cannotStart

        package var description: String {
            "libsodium cannot start: it finds no source of random bytes. Is /dev/urandom there?"
        }
    }

    /// Starts the library, once a process and before any thread; later calls do nothing.
    ///
    /// Without it every result is the same, but hashes are made without the processor's vector
    /// instructions, and random bytes may be drawn from a descriptor that is opened too late for a sandbox.
    package static func prepare() throws(Fault) {
        guard sodium_init() >= 0 else { throw .cannotStart }
    }
}
