import BuilderCore
import CollectorCore
import ConsensusCore
import RecorderCore
import ValidatorCore

extension RoleKinds {
    /// The cores that ship.
    package static let real = RoleKinds(
        collector: RoleKind(CollectorRole.self), builder: RoleKind(BuilderRole.self), consensus: RoleKind(ConsensusRole.self),
        validator: RoleKind(ValidatorRole.self), recorder: RoleKind(RecorderRole.self),
        minedConsensus: RoleKind(MinedConsensusRole.self))
}
