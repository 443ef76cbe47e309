/// Why the bus, or a client of it, refused something. The raw values are the reason codes on the wire (BUS-19).
package enum BusReason: String, Error, Sendable, CaseIterable, Comparable {
    /// No replica, here or at a linked bus, answers the service, or the one that was asked has gone.
    case noService = "no_service"
    /// The answer did not come in time.
    case timeout
    /// A bound is reached; try again later.
    case overloaded
    /// The sender may not do this.
    case forbidden
    /// The bus does not know the connection: say Hello and send again.
    case helloFirst = "hello_first"
    /// The name in Hello is not the one of the transport key.
    case wrongName = "wrong_name"
    /// The Hello is of another network.
    case wrongNetwork = "wrong_network"
    /// The Hello is of another protocol version.
    case wrongVersion = "wrong_version"
    /// The frame cannot be read or breaks a rule of form.
    case malformed
    /// The member has overstepped its rights, or its bounds, again and again, and is cut off for a while.
    case cutOff = "cut_off"
    /// A publish number was skipped.
    case outOfOrder = "out_of_order"
    /// The connection broke while the call was under way; whether it was answered is not known.
    case disconnected
    /// The bus refused the transport key.
    case strangerKey = "stranger_key"

    package static func < (left: BusReason, right: BusReason) -> Bool { left.rawValue < right.rawValue }
}
