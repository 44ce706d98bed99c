//! The private reasons of refusals: for events and the log, never for the wire.

/// Why a request was refused, as finely as an operator could wish. Never sent to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The endpoint does not take this HTTP method.
    MethodNotAllowed,
    /// The request came over plain HTTP to an https issuer.
    PlainHttp,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The headers are larger than the limit.
    HeadersTooLarge,
    /// The body broke off before its end.
    BodyIncomplete,
    /// There is no Content-Type.
    ContentTypeMissing,
    /// There are two Content-Type headers.
    ContentTypeRepeated,
    /// The Content-Type is not `application/x-www-form-urlencoded`.
    ContentTypeNotForm,
    /// The Content-Type is not `application/json`.
    ContentTypeNotJson,
    /// The endpoint is switched off.
    EndpointOff,
    /// The initial access token is none that is known.
    InitialAccessUnknown,
    /// The initial access token has expired.
    InitialAccessExpired,
    /// As many clients as the initial access token is for have been registered with it.
    InitialAccessSpent,
    /// The registration access token is not that of the client that the path names, or there is no such client.
    RegistrationTokenWrong,
    /// The metadata of a client breaks a rule; the answer says which.
    ClientMetadata,
    /// The software statement is not of an issuer that is trusted for them.
    SoftwareIssuerUnknown,
    /// The body is compressed; requests are not decompressed.
    ContentEncoded,
    /// The form is not UTF-8 (RFC 6749 appendix B).
    FormNotUtf8,
    /// A percent escape in the form is broken.
    FormBadEscape,
    /// The form holds a NUL character.
    FormNul,
    /// The form has more parameters than the limit.
    FormTooManyParameters,
    /// A parameter comes twice.
    FormRepeatedParameter,
    /// There is no `grant_type`.
    GrantTypeMissing,
    /// The `grant_type` is not one that is on.
    GrantTypeUnknown,
    /// The request does not try to authenticate.
    CredentialsMissing,
    /// The request authenticates in more than one way.
    SeveralMethods,
    /// There are two Authorization headers.
    AuthorizationRepeated,
    /// The Authorization header is larger than the limit.
    AuthorizationTooLarge,
    /// The Authorization scheme is not one for client authentication.
    AuthorizationScheme,
    /// The Authorization header is not well-formed Basic.
    AuthorizationMalformed,
    /// A secret came without a `client_id`.
    ClientIdMissing,
    /// The `client_id` is not 1 to 255 characters of VSCHAR.
    ClientIdMalformed,
    /// The `client_id` in the body is not the one that authenticates.
    ClientIdMismatch,
    /// The token was signed with a key that was retired before its time.
    SigningKeyRetired,
    /// There is no such client.
    ClientUnknown,
    /// The client is disabled.
    ClientDisabled,
    /// The client is registered for another authentication method.
    MethodNotRegistered,
    /// The secret has Grantor's prefix but a wrong form or checksum, or is too long.
    SecretMalformed,
    /// The client has no credential that this secret could belong to.
    SecretUnknown,
    /// The secret does not fit its credential.
    SecretWrong,
    /// The secret is right but its life has not begun.
    SecretNotYetValid,
    /// The secret is right but has expired.
    SecretExpired,
    /// The secret is not Grantor's and imported secrets are off.
    ImportedSecretsOff,
    /// One of `client_assertion` and `client_assertion_type` came without the other.
    AssertionMissing,
    /// The `client_assertion_type` is not the URN of RFC 7523 §2.2.
    AssertionTypeUnknown,
    /// The JWT is larger than the limit.
    JwtTooLarge,
    /// The JWT is not a strict compact JWS of JSON objects.
    JwtMalformed,
    /// The header asks for an extension, with `crit` or `b64`.
    JwtCritical,
    /// The `typ` names another kind of JWT.
    JwtType,
    /// The `alg` is not one of the client's method.
    JwtAlgorithm,
    /// The client or issuer has no valid key for this `alg`, `kid` or certificate.
    JwtKeyUnknown,
    /// The keys of the client or issuer are published, and there is nothing that fetches them.
    KeySetsOff,
    /// The keys of the client or issuer could not be fetched.
    KeySetUnavailable,
    /// The signature is of none of the keys of the client, or of the issuer whose token it claims to be.
    JwtSignature,
    /// A registered claim has the wrong type or is out of range.
    JwtClaimType,
    /// The `iss` is missing, or not the client of an assertion or the issuer of a token.
    JwtIssuer,
    /// The `sub` is missing or no client id.
    JwtSubject,
    /// The `aud` is missing or not this issuer alone; for a grant not the token endpoint alone either.
    JwtAudience,
    /// There is no `exp`.
    JwtExpiryMissing,
    /// The `exp` has passed.
    JwtExpired,
    /// The `exp` is further ahead than one hour, or than the trust in the issuer allows.
    JwtExpiryTooFar,
    /// The `nbf` or `iat` is ahead of the clock.
    JwtNotYetValid,
    /// The `jti` is missing, empty, too long or holds control characters.
    JwtJti,
    /// There is no `assertion` for the grant.
    GrantAssertionMissing,
    /// The `iss` of the grant is neither a trusted issuer nor a client.
    IssuerNotTrusted,
    /// The trusted issuer is disabled.
    IssuerDisabled,
    /// The trusted issuer may not speak about this `sub`.
    SubjectNotTrusted,
    /// The `sub` that a trusted issuer speaks about is the id of a client, for which the token could be taken.
    SubjectIsClient,
    /// The token is of none of the workloads that the client is registered with.
    WorkloadMismatch,
    /// The rate limiter did not admit the attempt.
    RateLimited,
    /// The client is not registered for the grant.
    GrantNotRegistered,
    /// The `scope` breaks the grammar or its limits.
    ScopeMalformed,
    /// A scope is one that no resource declares.
    ScopeUnknown,
    /// A scope is one that the client was not given.
    ScopeNotRegistered,
    /// A scope does not belong to the resource.
    ScopeNotOfResource,
    /// A scope is not among those that the grant's own `scope` claim names.
    ScopeNotOfAssertion,
    /// A scope is one that the issuer of the grant may not give.
    ScopeNotOfIssuer,
    /// The scopes belong to different resources.
    ScopeSpansResources,
    /// No scope was asked for and there is no default.
    ScopeEmpty,
    /// The `resource` is not an absolute URI without fragment.
    ResourceMalformed,
    /// More than one `resource` was asked for.
    ResourceRepeated,
    /// The resource is not declared.
    ResourceUnknown,
    /// The client may not ask for this resource.
    ResourceNotAllowed,
    /// No resource was asked for and none follows from the rest.
    ResourceUndecided,
    /// A single-use proof had been spent.
    ProofReplayed,
    /// One proof came twice in the request.
    ProofsEqual,
    /// There is no authorization endpoint here.
    NoAuthorizationEndpoint,
    /// The host's issuance policy said no.
    PolicyRefused,
    /// There is no `token` to introspect or revoke, or no access token in the request.
    TokenMissing,
    /// The token is none of this issuer's: no key of its own signed it, or it was never stored.
    TokenUnknown,
    /// The token was revoked.
    TokenRevoked,
    /// The client's tokens of that time were all ended, by the operator or with an earlier client of that id.
    TokensEnded,
    /// The token is bound to a key (RFC 7800) or of another type than Bearer, and nobody here checks for what that asks.
    TokenBound,
    /// The token lacks a claim that RFC 9068 §2.2 demands.
    TokenIncomplete,
    /// The token is for another resource.
    TokenAudience,
    /// The caller may neither know about the token nor revoke it.
    TokenNotForCaller,
    /// The token lacks a scope that the request needs.
    ScopeInsufficient,
    /// The claims of the token are not those that the application asks for.
    TokenClaims,
}

impl Reason {
    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PlainHttp => "plain_http",
            Self::BodyTooLarge => "body_too_large",
            Self::HeadersTooLarge => "headers_too_large",
            Self::BodyIncomplete => "body_incomplete",
            Self::ContentTypeMissing => "content_type_missing",
            Self::ContentTypeRepeated => "content_type_repeated",
            Self::ContentTypeNotForm => "content_type_not_form",
            Self::ContentTypeNotJson => "content_type_not_json",
            Self::EndpointOff => "endpoint_off",
            Self::InitialAccessUnknown => "initial_access_unknown",
            Self::InitialAccessExpired => "initial_access_expired",
            Self::InitialAccessSpent => "initial_access_spent",
            Self::RegistrationTokenWrong => "registration_token_wrong",
            Self::ClientMetadata => "client_metadata",
            Self::SoftwareIssuerUnknown => "software_issuer_unknown",
            Self::ContentEncoded => "content_encoded",
            Self::FormNotUtf8 => "form_not_utf8",
            Self::FormBadEscape => "form_bad_escape",
            Self::FormNul => "form_nul",
            Self::FormTooManyParameters => "form_too_many_parameters",
            Self::FormRepeatedParameter => "form_repeated_parameter",
            Self::GrantTypeMissing => "grant_type_missing",
            Self::GrantTypeUnknown => "grant_type_unknown",
            Self::CredentialsMissing => "credentials_missing",
            Self::SeveralMethods => "several_methods",
            Self::AuthorizationRepeated => "authorization_repeated",
            Self::AuthorizationTooLarge => "authorization_too_large",
            Self::AuthorizationScheme => "authorization_scheme",
            Self::AuthorizationMalformed => "authorization_malformed",
            Self::ClientIdMissing => "client_id_missing",
            Self::ClientIdMalformed => "client_id_malformed",
            Self::ClientIdMismatch => "client_id_mismatch",
            Self::ClientUnknown => "client_unknown",
            Self::ClientDisabled => "client_disabled",
            Self::MethodNotRegistered => "method_not_registered",
            Self::SecretMalformed => "secret_malformed",
            Self::SecretUnknown => "secret_unknown",
            Self::SecretWrong => "secret_wrong",
            Self::SecretNotYetValid => "secret_not_yet_valid",
            Self::SecretExpired => "secret_expired",
            Self::ImportedSecretsOff => "imported_secrets_off",
            Self::AssertionMissing => "assertion_missing",
            Self::AssertionTypeUnknown => "assertion_type_unknown",
            Self::JwtTooLarge => "jwt_too_large",
            Self::JwtMalformed => "jwt_malformed",
            Self::JwtCritical => "jwt_critical",
            Self::JwtType => "jwt_type",
            Self::JwtAlgorithm => "jwt_algorithm",
            Self::JwtKeyUnknown => "jwt_key_unknown",
            Self::KeySetsOff => "key_sets_off",
            Self::KeySetUnavailable => "key_set_unavailable",
            Self::JwtSignature => "jwt_signature",
            Self::JwtClaimType => "jwt_claim_type",
            Self::JwtIssuer => "jwt_issuer",
            Self::JwtSubject => "jwt_subject",
            Self::JwtAudience => "jwt_audience",
            Self::JwtExpiryMissing => "jwt_expiry_missing",
            Self::JwtExpired => "jwt_expired",
            Self::JwtExpiryTooFar => "jwt_expiry_too_far",
            Self::JwtNotYetValid => "jwt_not_yet_valid",
            Self::JwtJti => "jwt_jti",
            Self::GrantAssertionMissing => "grant_assertion_missing",
            Self::IssuerNotTrusted => "issuer_not_trusted",
            Self::IssuerDisabled => "issuer_disabled",
            Self::SubjectNotTrusted => "subject_not_trusted",
            Self::SubjectIsClient => "subject_is_client",
            Self::WorkloadMismatch => "workload_mismatch",
            Self::RateLimited => "rate_limited",
            Self::GrantNotRegistered => "grant_not_registered",
            Self::ScopeMalformed => "scope_malformed",
            Self::ScopeUnknown => "scope_unknown",
            Self::ScopeNotRegistered => "scope_not_registered",
            Self::ScopeNotOfResource => "scope_not_of_resource",
            Self::ScopeNotOfAssertion => "scope_not_of_assertion",
            Self::ScopeNotOfIssuer => "scope_not_of_issuer",
            Self::ScopeSpansResources => "scope_spans_resources",
            Self::ScopeEmpty => "scope_empty",
            Self::ResourceMalformed => "resource_malformed",
            Self::ResourceRepeated => "resource_repeated",
            Self::ResourceUnknown => "resource_unknown",
            Self::ResourceNotAllowed => "resource_not_allowed",
            Self::ResourceUndecided => "resource_undecided",
            Self::ProofReplayed => "proof_replayed",
            Self::ProofsEqual => "proofs_equal",
            Self::NoAuthorizationEndpoint => "no_authorization_endpoint",
            Self::PolicyRefused => "policy_refused",
            Self::TokenMissing => "token_missing",
            Self::TokenUnknown => "token_unknown",
            Self::SigningKeyRetired => "signing_key_retired",
            Self::TokenRevoked => "token_revoked",
            Self::TokensEnded => "tokens_ended",
            Self::TokenBound => "token_bound",
            Self::TokenIncomplete => "token_incomplete",
            Self::TokenAudience => "token_audience",
            Self::TokenNotForCaller => "token_not_for_caller",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::TokenClaims => "token_claims",
        }
    }
}
