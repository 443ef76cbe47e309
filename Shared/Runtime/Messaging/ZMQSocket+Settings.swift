import CZeroMQ
import Cryptography
import Wire

/// How a socket that connects proves itself and its server (CURVE).
package struct TransportIdentity: Sendable {
    /// The own key pair.
    package let key: TransportKeyPair
    /// The key that the other side must have.
    package let serverKey: TransportKey

    package init(key: TransportKeyPair, serverKey: TransportKey) {
        self.key = key
        self.serverKey = serverKey
    }
}

extension ZMQSocket {
    /// `ZMQ_ZAP_ENFORCE_DOMAIN`: in 4.3.4, though its header hides the name as a draft. A door that sets it refuses everybody
    /// while no ZAP handler answers.
    static let zapEnforceDomain: Int32 = 93

    /// What every socket gets: a finite queue, the largest frame, heartbeats (BUS-20).
    /// - Parameter highWaterMark: messages queued for each connection.
    /// - Parameter messageBytes: a larger frame ends the connection.
    package func setBounds(highWaterMark: Int32, messageBytes: Int) throws(ZMQError) {
        try set(ZMQ_SNDHWM, highWaterMark)
        try set(ZMQ_RCVHWM, highWaterMark)
        try set(ZMQ_MAXMSGSIZE, wide: Int64(messageBytes))
        try set(ZMQ_BACKLOG, BusLimits.acceptBacklog)
        try set(ZMQ_HANDSHAKE_IVL, BusTiming.handshakeMilliseconds)
        try set(ZMQ_HEARTBEAT_IVL, BusTiming.heartbeatMilliseconds)
        try set(ZMQ_HEARTBEAT_TIMEOUT, BusTiming.heartbeatTimeoutMilliseconds)
        try set(ZMQ_RECONNECT_IVL, BusTiming.reconnectMilliseconds)
        try set(ZMQ_RECONNECT_IVL_MAX, BusTiming.reconnectLongestMilliseconds)
        try set(ZMQ_TCP_KEEPALIVE, 1)
        try set(ZMQ_TCP_KEEPALIVE_IDLE, BusTiming.keepAliveIdleSeconds)
        try set(ZMQ_TCP_KEEPALIVE_INTVL, BusTiming.keepAliveIntervalSeconds)
        try set(ZMQ_TCP_KEEPALIVE_CNT, BusTiming.keepAliveProbes)
    }

    /// Makes a door that only keys admitted to a ZAP domain may enter. Before `bind`.
    package func guardDoor(key: TransportKeyPair, domain: String) throws(ZMQError) {
        try set(ZMQ_CURVE_SERVER, 1)
        try set(ZMQ_CURVE_SECRETKEY, key.secret.bytes)
        try set(ZMQ_ZAP_DOMAIN, Array(domain.utf8))
        try set(ZMQSocket.zapEnforceDomain, 1)
    }

    /// Proves itself to a guarded door. Before `connect`.
    package func identify(_ identity: TransportIdentity) throws(ZMQError) {
        try set(ZMQ_CURVE_SERVERKEY, identity.serverKey.digest.bytes)
        try set(ZMQ_CURVE_PUBLICKEY, identity.key.publicKey.digest.bytes)
        try set(ZMQ_CURVE_SECRETKEY, identity.key.secret.bytes)
    }
}
