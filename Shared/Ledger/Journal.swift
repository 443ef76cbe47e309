import Cryptography
import Wire

/// What a block changed: the first old value of everything it touched. Enough to take the block back.
struct Journal: Sendable {
    /// An account's place and what stood there.
    struct OldAccount: Sendable {
        var place: Int32
        var slot: AccountSlot
    }

    /// A cross entry's place and what stood there.
    struct OldCross: Sendable {
        var place: Int32
        var entry: CrossEntry
    }

    /// A recorded head before; nil when the chain had none.
    struct OldHead: Sendable {
        var chain: ChainID
        var head: ChainHead?
    }

    /// A candidacy before; nil when the node had none.
    struct OldCandidacy: Sendable {
        var node: String
        var entry: CandidacyEntry?
    }

    /// A ballot before; nil when the voter had none.
    struct OldBallot: Sendable {
        var chain: ChainID
        var voter: PublicKey
        var entry: BallotEntry?
    }

    /// A chain's status before; nil when it never was frozen.
    struct OldStatus: Sendable {
        var chain: ChainID
        var status: ChainStatus?
    }

    var accounts: [OldAccount] = []
    var crosses: [OldCross] = []
    var heads: [OldHead] = []
    var candidacies: [OldCandidacy] = []
    var ballots: [OldBallot] = []
    var statuses: [OldStatus] = []
    /// Accounts from here on were opened by the block.
    var accountCount = 0
    /// Cross entries from here on were made by the block.
    var crossCount = 0
    /// Chains from here on joined by the block.
    var joinedCount = 0
    /// Offences from here on were recorded by the block.
    var offenceCount = 0
    /// Orders of pegs from here on were made by the block.
    var bridgeCount = 0
    /// As they were.
    var epochs: [EpochEntry] = []
    var stakes: [StakeEntry] = []
    var closings: [ClosingEntry] = []
    var contracts: [ContractEntry] = []
    var lanes: [LaneEntry] = []
    var meters: [MeterEntry] = []
    var pauses: [PauseEntry] = []
    var totals: [AssetTotal] = []
    /// Position and root of the parent.
    var height: Height = 0
    var time: ChainTime = 0
    var root = Digest.zero

    /// Forgets everything but the memory it takes.
    mutating func empty() {
        accounts.removeAll(keepingCapacity: true)
        crosses.removeAll(keepingCapacity: true)
        heads.removeAll(keepingCapacity: true)
        candidacies.removeAll(keepingCapacity: true)
        ballots.removeAll(keepingCapacity: true)
        statuses.removeAll(keepingCapacity: true)
    }
}

/// A cross entry as the ledger keeps it.
struct CrossSlot: Sendable {
    var entry: CrossEntry
    var stamp: UInt64
}
