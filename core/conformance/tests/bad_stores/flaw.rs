//! What can be wrong with a store.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It keeps every promise.
    None,
    /// No flaw: it expires entries by itself, after the kit has ended, and so `prune` does nothing.
    ExpiresByItself,
    /// No flaw: it lists what it looked at, so that a page may be short or empty though there is more.
    GivesShortPages,

    // Outages.
    HangsWhenDown,
    CorruptWhenDown,
    FirstWhenDown,
    AbsentWhenDown,
    RevokedWhenDown,
    StoredWhenDown,
    PrunedWhenDown,
    EmptySetWhenDown,
    WonWhenDown,
    NoneWhenDown,
    InsertedWhenDown,
    UpdatedWhenDown,
    DeletedWhenDown,
    EmptyListWhenDown,
    ConsumedWhenDown,
    SpentWhenDown,
    MissingWhenDown,
    TouchedWhenDown,
    NoUsesWhenDown,
    PanicsInAThread,
    PanicsInACall,

    // Claims.
    LooksThenClaims,
    KeepsClaimsToItself,
    TakesDigestsForOne,
    CutsIds,
    EndsIdsAtZero,
    MixesProofsAndTokens,
    ReplaysExtend,
    ReplaysShorten,
    ForgetsWhatHasEnded,
    ForgetsClaimsUnderLoad,

    // Tokens and revocations.
    ForgetsTokensUnderLoad,
    LooksThenStores,
    OverwritesTokens,
    OverwritesRevocations,
    RemembersAbsence,
    RemembersState,
    RevokesNothing,
    LeavesNoTombstone,
    RevokeShortens,
    RevokeForgetsTheRecord,
    LooksThenRevokes,

    // Pruning.
    PrunesLiveRows,
    PrunesInTheLastSecond,
    PrunesHalf,
    PrunesWithoutBound,
    CountsOneTooMany,
    CountsWhatItSaw,
    PrunesWhatItSaw,
    CutsTimesTo32Bits,
    CutsTimesToMinutes,

    // Documents.
    UnknownVersionIsNothing,
    DamageIsNothing,
    OverwritesTheUnreadable,
    DropsUnknownMembers,
    StripsNul,
    CutsLongDocuments,
    FoldsCaseOfText,

    // Key sets.
    StartsAtOne,
    LooksThenReplaces,
    LooksThenReplacesTheFirst,
    IgnoresTheRevision,
    RemembersKeys,
    TornKeys,

    // Clients and trusted issuers.
    LooksThenInserts,
    LooksThenUpdates,
    OverwritesRecords,
    UpdateInserts,
    UpdateUndoesDelete,
    DeletesNothing,
    RevisionsAsFloat,
    RemembersRecords,
    TornRecords,
    FoldsCaseOfIds,
    TrimsIds,
    CutsLongIds,
    CutsIdsAt63,
    DeletesByPattern,

    // Initial access tokens.
    LooksThenConsumes,
    ConsumeUndoesDelete,
    TakesMissingForSpent,
    ConsumesWhatIsMissing,
    IgnoresTheMost,
    CountsOneMoreThanTheMost,
    CountsWhatIsSpent,
    CutsCounts,
    ForgetsTheCount,
    KeepsTheCount,
    KeepsCountsToItself,
    ListsWithoutCounts,
    ConsumesByPattern,

    // Uses of credentials.
    KeepsTheUseToldLast,
    KeepsTheUseToldFirst,
    AnEarlierUseEndsTheBatch,
    LooksThenTouches,
    WritesAllOfAClient,
    HoldsInTheOrderOfTheBatch,
    CutsBatches,
    KeepsUsesToItself,
    RemembersUses,
    ForgetsUsesUnderLoad,
    FailsOfUnknownClients,
    MixesClients,
    FindsUsesByPattern,
    JoinsIds,
    FoldsCaseOfCredentials,
    CutsLongCredentials,

    // Listing.
    ListsWithoutCase,
    ListSkips,
    ListRepeats,
    ListCapsPages,
    PagesByOffset,
    NamesByPattern,
    NamesWithoutCase,
    ListHidesTheUnreadable,

    // What a read-only store may get wrong.
    LosesScope,
    RevisionZero,
    ChangingCaveats,
}
