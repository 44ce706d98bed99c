//! Which flaw is found by which check.

use grantor::async_trait;
use grantor::store::{
    AuthMethod, ClaimMatch, Client, ClientRegistry, Insert, IssuerKeys, Revision, TrustRegistry,
    TrustedIssuer,
};
use grantor::{ClientId, IssuerName, KeySetUrl, RateLimits, Scope};
use grantor_conformance::{Broken, Fixture, Planted};
use grantor_storage_memory::{MemoryRateLimiter, MemoryStore};
use tokio::runtime::{Builder, Runtime};

use crate::flaw::Flaw;
use crate::limiter::FreshLimiter;
use crate::store::{Fresh, Store};

struct Memory(MemoryStore);

#[async_trait]
impl Fixture for Memory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<MemoryStore> {
        None
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

/// The store without a flaw passes the whole kit.
mod none {
    use super::{Client, Flaw, Fresh, FreshLimiter, RateLimits, Store, TrustedIssuer, shown, shown_issuers};

    async fn fixture() -> Fresh {
        Fresh::with(Flaw::None)
    }

    async fn store() -> (Store, Vec<Client>) {
        shown(Flaw::None).await
    }

    async fn trusted() -> (Store, Vec<TrustedIssuer>) {
        shown_issuers(Flaw::None).await
    }

    grantor_conformance::client_store!(store);
    grantor_conformance::client_registry!(fixture);
    grantor_conformance::trust_store!(trusted);
    grantor_conformance::trust_registry!(fixture);
    grantor_conformance::key_store!(fixture);
    grantor_conformance::token_store!(fixture);
    grantor_conformance::credential_usage!(fixture);
    grantor_conformance::initial_access_store!(fixture);

    async fn limiter(limits: RateLimits) -> FreshLimiter {
        FreshLimiter::with(Flaw::None, limits)
    }

    grantor_conformance::rate_limiter!(limiter);
}

/// What a store may do though the others do not.
mod allowed {
    use super::{Flaw, Fresh};

    async fn expires_by_itself() -> Fresh {
        Fresh::with(Flaw::ExpiresByItself)
    }

    async fn gives_short_pages() -> Fresh {
        Fresh::with(Flaw::GivesShortPages)
    }

    grantor_conformance::token_store!(expires_by_itself);
    grantor_conformance::client_registry!(gives_short_pages);
    grantor_conformance::trust_registry!(gives_short_pages);
    grantor_conformance::initial_access_store!(gives_short_pages);
}

fn wait<T>(check: impl Future<Output = T>) -> T {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(check)
}

/// The promise that was broken is the one that was meant, and the message has all its parts.
fn is_rejected(flaw: Flaw, checked: Result<(), Broken>, promise: &str) {
    let broken = checked.expect_err(&format!("{flaw:?} passed"));
    assert!(broken.promise().contains(promise), "{flaw:?} was rejected for another promise: {broken}");
    let shown = broken.to_string();
    for part in [broken.promise(), broken.seen(), broken.why_it_matters()] {
        assert!(part.len() > 10 && shown.contains(part), "{shown}");
    }
    assert!(!broken.seen().contains("the kit's own record"), "{shown}");
}

macro_rules! rejected {
    ($group:ident: $($check:ident { $promise:literal $($flaw:ident)+ })+) => {
        mod $group {
            use super::*;

            $(#[test]
            fn $check() {
                use grantor_conformance::$group::$check as check;
                wait(check(&Fresh::with(Flaw::None))).expect("a good store of documents");
                wait(check(&Memory(MemoryStore::new()))).expect("the memory store");
                for flaw in [$(Flaw::$flaw),+] {
                    is_rejected(flaw, wait(check(&Fresh::with(flaw))), $promise);
                }
            })+
        }
    };
}

rejected! { token_store:
    of_24_claims_at_once_exactly_one_is_first { "exactly one is First" LooksThenClaims }
    a_claim_is_spent_for_every_handle { "spent for every other" KeepsClaimsToItself }
    claims_are_kept_apart_by_namespace_owner_and_jti { "of different owners" TakesDigestsForOne }
    ids_of_proofs_differ_by_every_bit { "all of their 256 bits" TakesDigestsForOne CutsIds EndsIdsAtZero }
    a_proof_and_a_token_of_the_same_bytes_are_apart { "are apart" MixesProofsAndTokens }
    a_claim_whose_until_has_passed_is_still_spent { "spent all the same" ForgetsWhatHasEnded }
    a_replay_does_not_move_until { "Replayed changes nothing" ReplaysExtend ReplaysShorten CutsTimesToMinutes }
    no_claim_is_forgotten_in_a_flood { "not forgotten before its until, however many" ForgetsClaimsUnderLoad }
    no_token_or_revocation_is_forgotten_in_a_flood {
        "not forgotten before its until, however many" ForgetsTokensUnderLoad RevokesNothing
    }
    of_24_inserts_at_once_exactly_one_is_done { "exactly one is Done" LooksThenStores OverwritesTokens }
    insert_never_overwrites_a_token { "never overwrites a token" OverwritesTokens }
    insert_never_overwrites_a_revocation { "never overwrites a revocation" OverwritesRevocations LeavesNoTombstone }
    an_insert_is_seen_at_once_by_every_handle { "sees every insert" RemembersAbsence }
    ids_of_tokens_differ_by_every_bit { "all of their 256 bits" TakesDigestsForOne CutsIds EndsIdsAtZero }
    a_token_that_has_expired_is_still_found { "found all the same" ForgetsWhatHasEnded }
    revoke_is_seen_at_once_by_every_handle { "the next find sees it" RemembersAbsence RemembersState RevokesNothing }
    revoke_is_idempotent_and_leaves_a_tombstone { "leaves a tombstone" RevokesNothing LeavesNoTombstone }
    revoke_is_monotone { "monotone" RevokeShortens CutsTimesToMinutes CutsTimesTo32Bits }
    revoke_keeps_the_until_of_the_record { "the later of the record's until" RevokeForgetsTheRecord RevokeShortens }
    of_24_revocations_at_once_the_latest_until_counts { "latest until counts" LooksThenRevokes RevokeShortens }
    an_insert_beside_a_revocation_ends_revoked { "end Revoked" LooksThenStores }
    a_revocation_whose_until_has_passed_is_still_seen { "seen all the same" ForgetsWhatHasEnded }
    prune_removes_only_what_ended_before {
        "prune removes what ended before" PrunesLiveRows PrunesInTheLastSecond PrunesHalf CountsOneTooMany CutsTimesTo32Bits
    }
    prune_is_bounded_by_its_limit_and_counts_what_went {
        "at most limit entries" PrunesWithoutBound CountsOneTooMany PrunesHalf
    }
    several_may_prune_at_once_and_each_entry_counts_once { "counted once" CountsWhatItSaw CountsOneTooMany }
    prune_spares_what_was_just_revoked_for_longer { "just moved" PrunesWhatItSaw }
    nothing_is_forgotten_before_its_until_while_others_prune {
        "while others prune up to that second" PrunesInTheLastSecond PrunesLiveRows
    }
    big_and_hostile_tokens_come_back_whole {
        "token record comes back" StripsNul CutsLongDocuments FoldsCaseOfText
    }
    unknown_members_of_a_token_survive { "does not know survive" DropsUnknownMembers }
    a_token_of_an_unknown_version_is_corrupt { "unknown version is corrupt" UnknownVersionIsNothing OverwritesTheUnreadable }
    a_damaged_token_is_corrupt { "cannot be read is corrupt" DamageIsNothing OverwritesTheUnreadable }
    an_outage_is_an_error {
        "never an outcome"
        FirstWhenDown AbsentWhenDown RevokedWhenDown StoredWhenDown PrunedWhenDown CorruptWhenDown
    }
}

rejected! { key_store:
    nothing_stored_yet_is_an_empty_set_at_revision_absent { "the empty set at Revision::ABSENT" StartsAtOne IgnoresTheRevision }
    of_24_replacements_at_once_exactly_one_wins { "exactly one wins" LooksThenReplaces IgnoresTheRevision }
    a_writer_that_lost_has_changed_nothing { "is Lost and changes nothing" IgnoresTheRevision }
    a_replacement_is_seen_at_once_by_every_handle { "the next load sees it" RemembersKeys }
    keys_and_revision_are_one_snapshot { "the revision of that very set" TornKeys }
    big_and_hostile_key_sets_come_back_whole { "key set comes back" StripsNul FoldsCaseOfText }
    unknown_members_of_a_key_set_survive { "does not know survive" DropsUnknownMembers }
    a_key_set_of_an_unknown_version_is_corrupt {
        "unknown version is corrupt" UnknownVersionIsNothing OverwritesTheUnreadable
    }
    a_damaged_key_set_is_corrupt { "cannot be read is corrupt" DamageIsNothing OverwritesTheUnreadable }
    an_outage_is_an_error { "never an outcome" EmptySetWhenDown WonWhenDown CorruptWhenDown }
}

rejected! { credential_usage:
    the_later_of_two_uses_counts_in_any_order {
        "the later one stays, in whatever order" KeepsTheUseToldLast KeepsTheUseToldFirst AnEarlierUseEndsTheBatch
    }
    a_use_comes_back_to_the_second { "comes back to the second" CutsTimesTo32Bits CutsTimesToMinutes }
    a_use_is_seen_at_once_by_every_handle { "sees every touch" KeepsUsesToItself RemembersUses KeepsTheUseToldFirst }
    a_batch_of_1000_is_remembered_whole { "all of a batch" CutsBatches KeepsTheUseToldFirst }
    nothing_is_known_of_a_client_without_a_use {
        "nothing is known, and that is no error" FailsOfUnknownClients MixesClients FindsUsesByPattern FoldsCaseOfIds TrimsIds
    }
    clients_do_not_see_each_others_uses {
        "no other's, by ids that compare byte for byte"
        MixesClients FindsUsesByPattern JoinsIds FoldsCaseOfIds TrimsIds CutsLongIds
    }
    credentials_of_a_client_are_told_apart {
        "ids of credentials compare byte for byte" FoldsCaseOfCredentials CutsLongCredentials
    }
    of_24_touches_at_once_the_latest_use_counts { "the latest use counts" LooksThenTouches KeepsTheUseToldLast }
    of_24_touches_at_once_none_is_lost { "none is lost" WritesAllOfAClient }
    batches_that_cross_are_all_remembered { "all succeed, whatever order" HoldsInTheOrderOfTheBatch }
    no_use_is_forgotten_in_a_flood { "however many others come" ForgetsUsesUnderLoad }
    an_outage_is_an_error { "never an outcome" TouchedWhenDown NoUsesWhenDown CorruptWhenDown }
}

rejected! { initial_access_store:
    insert_never_overwrites { "never overwrites a token" OverwritesRecords StartsAtOne ForgetsTheCount }
    uses_are_counted_up_to_the_most {
        "fewer than the most" IgnoresTheMost CountsOneMoreThanTheMost CountsWhatIsSpent CutsCounts ForgetsTheCount
    }
    a_use_is_seen_at_once_by_every_handle {
        "next consume, find and list see it" KeepsCountsToItself RemembersRecords ListsWithoutCounts
    }
    delete_is_final {
        "absent or was deleted is Missing" DeletesNothing KeepsTheCount TakesMissingForSpent ConsumesWhatIsMissing
    }
    a_use_or_a_delete_touches_no_other { "no other" ConsumesByPattern DeletesByPattern }
    of_24_consumes_at_once_as_many_are_done_as_were_left {
        "exactly as many are Done as were left" LooksThenConsumes IgnoresTheMost ForgetsTheCount
    }
    a_consume_beside_a_delete_brings_nothing_back { "at once end in none" ConsumeUndoesDelete DeletesNothing KeepsTheCount }
    of_24_inserts_at_once_exactly_one_is_done { "exactly one is Done" LooksThenInserts OverwritesRecords }
    a_record_and_its_count_are_one_snapshot { "the count of its very uses" TornRecords KeepsTheCount }
    big_and_hostile_records_come_back_whole { "comes back as it was stored" StripsNul CutsLongDocuments FoldsCaseOfText LosesScope }
    unknown_members_of_a_record_survive { "does not know survive" DropsUnknownMembers }
    a_record_of_an_unknown_version_is_corrupt {
        "unknown version is corrupt" UnknownVersionIsNothing ListHidesTheUnreadable OverwritesTheUnreadable
    }
    a_damaged_record_is_corrupt { "cannot be read is corrupt" DamageIsNothing ListHidesTheUnreadable OverwritesTheUnreadable }
    ids_compare_byte_for_byte { "byte for byte" FoldsCaseOfIds CutsIdsAt63 }
    pages_come_in_byte_order_and_none_is_left_out { "once, in ascending byte order" ListsWithoutCase ListSkips ListRepeats }
    pages_of_1_and_of_1000_are_whole { "show every token once" ListCapsPages ListSkips }
    paging_neither_skips_nor_repeats_while_others_insert_and_delete { "exactly once, whatever" PagesByOffset ListSkips }
    an_outage_is_an_error {
        "never an outcome"
        NoneWhenDown ConsumedWhenDown SpentWhenDown MissingWhenDown InsertedWhenDown DeletedWhenDown EmptyListWhenDown
        CorruptWhenDown
    }
}

rejected! { client_registry:
    insert_never_overwrites { "never overwrites a client" OverwritesRecords }
    update_needs_the_current_revision_and_leaves_the_next {
        "any revision but the current one is Conflict" IgnoresTheRevision RevisionsAsFloat
    }
    delete_is_final { "stays deleted" UpdateInserts DeletesNothing IgnoresTheRevision }
    what_is_written_is_seen_at_once_by_every_handle { "next find and list see it" RemembersRecords DeletesNothing }
    of_24_inserts_at_once_exactly_one_is_done { "exactly one is Done" LooksThenInserts OverwritesRecords }
    of_24_updates_at_one_revision_exactly_one_is_done { "exactly one is Done" LooksThenUpdates IgnoresTheRevision }
    an_update_beside_a_delete_brings_nothing_back { "at once end in none" UpdateUndoesDelete UpdateInserts }
    a_client_is_read_as_one_snapshot { "one snapshot" TornRecords }
    ids_compare_byte_for_byte_over_all_of_vschar { "byte for byte" FoldsCaseOfIds TrimsIds CutsLongIds }
    a_change_of_one_client_touches_no_other { "no other" DeletesByPattern }
    pages_come_in_byte_order_and_none_is_left_out { "once, in ascending byte order" ListsWithoutCase ListSkips ListRepeats }
    a_name_prefix_selects_byte_for_byte { "these very bytes" NamesByPattern NamesWithoutCase }
    pages_of_1_and_of_1000_are_whole { "show every client once" ListCapsPages ListSkips }
    paging_neither_skips_nor_repeats_while_others_insert_and_delete { "exactly once, whatever" PagesByOffset ListSkips }
    big_and_hostile_clients_come_back_whole { "client comes back" StripsNul CutsLongDocuments FoldsCaseOfText LosesScope }
    unknown_members_of_a_client_survive { "does not know survive" DropsUnknownMembers }
    a_client_of_an_unknown_version_is_corrupt {
        "unknown version is corrupt" UnknownVersionIsNothing ListHidesTheUnreadable OverwritesTheUnreadable
    }
    a_damaged_client_is_corrupt { "cannot be read is corrupt" DamageIsNothing ListHidesTheUnreadable OverwritesTheUnreadable }
    an_outage_is_an_error {
        "never an outcome"
        NoneWhenDown InsertedWhenDown UpdatedWhenDown DeletedWhenDown EmptyListWhenDown CorruptWhenDown
    }
}

rejected! { trust_registry:
    insert_never_overwrites { "never overwrites a trusted issuer" OverwritesRecords }
    update_needs_the_current_revision_and_leaves_the_next {
        "any revision but the current one is Conflict" IgnoresTheRevision RevisionsAsFloat
    }
    delete_is_final { "stays deleted" UpdateInserts DeletesNothing IgnoresTheRevision }
    what_is_written_is_seen_at_once_by_every_handle { "next find and list see it" RemembersRecords DeletesNothing }
    of_24_inserts_at_once_exactly_one_is_done { "exactly one is Done" LooksThenInserts OverwritesRecords }
    of_24_updates_at_one_revision_exactly_one_is_done { "exactly one is Done" LooksThenUpdates IgnoresTheRevision }
    an_update_beside_a_delete_brings_nothing_back { "at once end in none" UpdateUndoesDelete UpdateInserts }
    an_issuer_is_read_as_one_snapshot { "one snapshot" TornRecords }
    names_compare_byte_for_byte_over_all_of_visible_ascii { "byte for byte" FoldsCaseOfIds TrimsIds CutsLongIds }
    a_change_of_one_issuer_touches_no_other { "no other" DeletesByPattern }
    pages_come_in_byte_order_and_none_is_left_out { "once, in ascending byte order" ListsWithoutCase ListSkips ListRepeats }
    pages_of_1_and_of_1000_are_whole { "show every issuer once" ListCapsPages ListSkips }
    paging_neither_skips_nor_repeats_while_others_insert_and_delete { "exactly once, whatever" PagesByOffset ListSkips }
    big_and_hostile_issuers_come_back_whole { "trusted issuer comes back" StripsNul CutsLongDocuments FoldsCaseOfText LosesScope }
    unknown_members_of_an_issuer_survive { "does not know survive" DropsUnknownMembers }
    an_issuer_of_an_unknown_version_is_corrupt {
        "unknown version is corrupt" UnknownVersionIsNothing ListHidesTheUnreadable OverwritesTheUnreadable
    }
    a_damaged_issuer_is_corrupt { "cannot be read is corrupt" DamageIsNothing ListHidesTheUnreadable OverwritesTheUnreadable }
    an_outage_is_an_error {
        "never an outcome"
        NoneWhenDown InsertedWhenDown UpdatedWhenDown DeletedWhenDown EmptyListWhenDown CorruptWhenDown
    }
}

struct MemoryLimiter(MemoryRateLimiter);

#[async_trait]
impl Fixture for MemoryLimiter {
    type Store = MemoryRateLimiter;

    async fn open(&self) -> MemoryRateLimiter {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<MemoryRateLimiter> {
        None
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

/// A clock that runs ahead by itself, so that nobody waits for what never comes.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

macro_rules! rejected_limiter {
    ($($check:ident { $promise:literal $($flaw:ident)+ })+) => {
        mod rate_limiter {
            use super::*;

            $(#[test]
            fn $check() {
                use grantor_conformance::rate_limiter::$check as check;
                wait(check(async |limits| MemoryLimiter(MemoryRateLimiter::new(limits)))).expect("in memory");
                for flaw in [$(Flaw::$flaw),+] {
                    let checked = check(async |limits| FreshLimiter::with(flaw, limits));
                    let checked = match flaw {
                        Flaw::NeverRefills | Flaw::HangsWhenDown => paused().block_on(checked),
                        _ => wait(checked),
                    };
                    is_rejected(flaw, checked, $promise);
                }
            })+
        }
    };
}

rejected_limiter! {
    after_the_burst_of_failures_a_source_is_limited {
        "as often as the burst says" NeverLimits LimitsOneLate SaysToWaitForNothing
    }
    an_attempt_that_does_not_fail_costs_no_failure { "takes nothing from the failures" LooksCostFailures }
    there_is_no_debt { "no number of failures" GoesIntoDebt }
    failures_are_seen_at_once_by_every_handle { "counts at every other" KeepsFailuresToItself }
    after_the_burst_of_attempts_a_source_is_limited {
        "each that is admitted takes one" NeverLimits LimitsOneLate FailuresCostAttempts
    }
    what_is_refused_costs_nothing { "takes nothing" RefusalsMakeItLonger }
    what_is_not_limited_is_admitted { "does not limit is admitted" AlwaysLimits }
    sources_are_kept_apart {
        "another one" LimitsByClientAlone LimitsByPeerAlone LimitsByWholeAddress FoldsCaseOfSources
    }
    whoever_cannot_be_told_apart_is_not_limited { "without a source is Admitted" LimitsTheUnknown }
    of_24_failures_at_once_each_counts { "each takes one" LooksThenPenalises }
    of_24_attempts_at_once_the_burst_is_admitted { "as many are admitted" LooksThenTakes }
    no_failure_is_forgotten_in_a_flood { "some thousand sources" ForgetsFailuresUnderLoad }
    one_more_comes_with_time { "there is one more, and no more than one" NeverRefills RefillsTheBurst }
    what_is_refused_for_its_failures_takes_no_attempt { "none of the attempts" RefusalsTakeAttempts }
    an_outage_is_an_error { "never an outcome" AdmitsWhenDown LimitsWhenDown CorruptWhenDown HangsWhenDown }
}

/// A fresh store has one such moment, so the macro repeats this check, and so does this.
#[test]
fn of_24_first_replacements_at_once_exactly_one_wins() {
    use grantor_conformance::key_store::of_24_first_replacements_at_once_exactly_one_wins as check;
    let rejected = |flaw| (0..8).find_map(|_| wait(check(&Fresh::with(flaw))).err());
    assert!(rejected(Flaw::None).is_none());
    for flaw in [Flaw::LooksThenReplacesTheFirst, Flaw::IgnoresTheRevision] {
        is_rejected(flaw, rejected(flaw).map_or(Ok(()), Err), "exactly one wins");
    }
}

/// A store, and the clients that it should show.
async fn shown(flaw: Flaw) -> (Store, Vec<Client>) {
    let sound = Flaw::None;
    let mut store = Fresh::with(sound).handle(false);
    let mut clients = Vec::new();
    for id in ["billing", "Reports-EU", "a b"] {
        let client = Client::builder(ClientId::new(id).unwrap(), AuthMethod::CLIENT_SECRET_BASIC)
            .scope(Scope::parse("read write").unwrap())
            .build()
            .unwrap();
        assert_eq!(ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap(), Insert::Done);
        clients.push(client);
    }
    store.flaw = flaw;
    (store, clients)
}

/// The same for issuers.
async fn shown_issuers(flaw: Flaw) -> (Store, Vec<TrustedIssuer>) {
    let mut store = Fresh::with(Flaw::None).handle(false);
    let mut issuers = Vec::new();
    for name in ["https://idp.example", "https://Idp.example/tenant", "a-b@example.com"] {
        let issuer = IssuerName::new(name).unwrap();
        let url = KeySetUrl::new("https://keys.example.com").unwrap();
        let issuer = TrustedIssuer::builder(issuer, IssuerKeys::Url(url), ClaimMatch::Any)
            .scope(Scope::parse("read write").unwrap())
            .build()
            .unwrap();
        assert_eq!(TrustRegistry::insert(&store, Revision::new(1), &issuer).await.unwrap(), Insert::Done);
        issuers.push(issuer);
    }
    store.flaw = flaw;
    (store, issuers)
}

macro_rules! rejected_store {
    ($group:ident $shown:ident: $($check:ident { $promise:literal $($flaw:ident)+ })+) => {
        mod $group {
            use super::*;

            $(#[test]
            fn $check() {
                use grantor_conformance::$group::$check as check;
                for flaw in [$(Flaw::$flaw),+] {
                    let checked = wait(async {
                        let (store, records) = $shown(flaw).await;
                        check(&store, &records).await
                    });
                    is_rejected(flaw, checked, $promise);
                }
            })+
        }
    };
}

rejected_store! { client_store shown:
    each_client_is_found_as_it_is { "the client of that id, all of its record" LosesScope FoldsCaseOfIds }
    no_other_id_finds_a_client { "byte for byte is None" TrimsIds }
    revisions_are_stored_ones { "a revision other than 0" RevisionZero }
    caveats_stay_the_same { "the same for the life" ChangingCaveats }
}

rejected_store! { trust_store shown_issuers:
    each_issuer_is_found_as_it_is { "the issuer of that name, all of its record" LosesScope FoldsCaseOfIds }
    no_other_name_finds_an_issuer { "byte for byte is None" TrimsIds }
    revisions_are_stored_ones { "a revision other than 0" RevisionZero }
    caveats_stay_the_same { "the same for the life" ChangingCaveats }
}

#[test]
fn a_read_only_store_that_takes_an_outage_for_an_answer() {
    use grantor_conformance::{client_store, trust_store};
    let clients = |flaw| wait(client_store::an_outage_is_an_error(&Fresh::with(flaw).handle(true), &[]));
    let issuers = |flaw| wait(trust_store::an_outage_is_an_error(&Fresh::with(flaw).handle(true), &[]));
    for flaw in [Flaw::NoneWhenDown, Flaw::CorruptWhenDown] {
        is_rejected(flaw, clients(flaw), "never None");
        is_rejected(flaw, issuers(flaw), "never None");
    }
    clients(Flaw::None).and(issuers(Flaw::None)).unwrap();
}

/// Nobody waits 30 s.
#[test]
fn a_call_that_never_ends_is_rejected() {
    use grantor_conformance::{
        client_registry, credential_usage, initial_access_store, key_store, token_store, trust_registry,
    };
    let paused = paused();
    let fresh = Fresh::with(Flaw::HangsWhenDown);
    for checked in [
        paused.block_on(token_store::an_outage_is_an_error(&fresh)),
        paused.block_on(key_store::an_outage_is_an_error(&fresh)),
        paused.block_on(client_registry::an_outage_is_an_error(&fresh)),
        paused.block_on(trust_registry::an_outage_is_an_error(&fresh)),
        paused.block_on(credential_usage::an_outage_is_an_error(&fresh)),
        paused.block_on(initial_access_store::an_outage_is_an_error(&fresh)),
    ] {
        assert!(checked.as_ref().is_err_and(|broken| broken.seen().contains("within 30 s")), "{checked:?}");
        is_rejected(Flaw::HangsWhenDown, checked, "never an outcome");
    }
}

/// No thread of a race waits for one that has panicked.
#[test]
fn a_store_that_panics_in_a_race_is_rejected_and_does_not_hang() {
    use grantor_conformance::token_store::of_24_claims_at_once_exactly_one_is_first as check;
    for flaw in [Flaw::PanicsInAThread, Flaw::PanicsInACall] {
        let broken = wait(check(&Fresh::with(flaw))).unwrap_err();
        assert!(broken.seen().contains("panicked"), "{broken}");
    }
}
