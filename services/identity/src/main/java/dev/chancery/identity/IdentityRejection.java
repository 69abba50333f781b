package dev.chancery.identity;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why identity refuses. */
final class IdentityRejection {
    static final Rejection CLAIM_INVALID = new Rejection(
            "identity.claim-invalid",
            Kind.UNAUTHENTICATED,
            "This is not the instance's owner claim, or it has already been used.",
            "The first start printed the path of the claim's file; once there is an owner, there is no claim.");

    static final Rejection ASSERTION_INVALID = new Rejection(
            "identity.assertion-invalid",
            Kind.UNAUTHENTICATED,
            "The client assertion is not valid for this instance.",
            "Sign a JWT with Ed25519 or ES256 and the registered key: iss and sub the client id, aud the issuer alone, a new jti, exp within five minutes.");

    static final Rejection ASSERTION_AUDIENCE = new Rejection(
            "identity.assertion-audience",
            Kind.UNAUTHENTICATED,
            "The client assertion is for another audience.",
            "Its aud has to be the issuer that /.well-known/oauth-authorization-server names, or the token endpoint, and nothing besides.");

    static final Rejection ASSERTION_TIME = new Rejection(
            "identity.assertion-time",
            Kind.UNAUTHENTICATED,
            "The client assertion has ended, or ends too late.",
            "Its exp has to be a whole number of seconds, at most five minutes ahead; compare the clocks.");

    static final Rejection ASSERTION_REPLAYED = new Rejection(
            "identity.assertion-replayed",
            Kind.UNAUTHENTICATED,
            "This client assertion was already used.",
            "Sign a new one, with a new jti, for each token.");

    static final Rejection ASSERTION_MISSING = new Rejection(
            "identity.assertion-missing",
            Kind.UNAUTHENTICATED,
            "A refresh token is of use to the client alone that got it.",
            "Send client_assertion, signed with the client's key, as for signing in.");

    static final Rejection WHICH_SESSIONS = new Rejection(
            "identity.which-sessions",
            Kind.INVALID,
            "The request does not say which sessions to end.",
            "Send one of endedSession, device, and all: true.");

    static final Rejection WHICH_RECORDS = new Rejection(
            "identity.which-records",
            Kind.INVALID,
            "The request does not say where the records came from.",
            "Send address, client, or both.");

    static final Rejection REFRESH_INVALID = new Rejection(
            "identity.refresh-invalid",
            Kind.UNAUTHENTICATED,
            "This is no refresh token of this instance, or not one of this client.",
            "Sign in again.");

    static final Rejection REFRESH_OVER = new Rejection(
            "identity.session-over",
            Kind.UNAUTHENTICATED,
            "The session of this refresh token is over.",
            "Sign in again.");

    static final Rejection REFRESH_REUSED = new Rejection(
            "identity.refresh-reused",
            Kind.UNAUTHENTICATED,
            "This refresh token had been used before; its session was ended, since somebody else may have a copy.",
            "Sign in again. Keep the refresh token that each refresh answers, and let one thread at a time use it.");

    static final Rejection TOKEN_UNKNOWN = new Rejection(
            "identity.token-unknown",
            Kind.UNAUTHENTICATED,
            "This is no token of this instance, or it has expired.",
            "There is nothing left to end.");

    static final Rejection NO_SUCH_SESSION = new Rejection(
            "identity.no-such-session",
            Kind.NOT_FOUND,
            "The principal has no such session.",
            "ListMySessions and ListSessions name those that there are.");

    static final Rejection NO_SUCH_TOKEN_KEY = new Rejection(
            "identity.no-such-token-key",
            Kind.NOT_FOUND,
            "No such key signs or verifies access tokens.",
            "ListTokenKeys names those that do.");

    static final Rejection NO_SUCH_SIGNING_KEY = new Rejection(
            "identity.no-such-signing-key",
            Kind.NOT_FOUND,
            "No such key signs or signed records, statements or checkpoints.",
            "ListSigningKeys names those that do and did.");

    static final Rejection TOO_MANY_SESSIONS = new Rejection(
            "identity.too-many-sessions",
            Kind.CONFLICT,
            "The principal has as many sessions as it may have at a time.",
            "End one of them (EndMySessions), or sign in without a session.");

    static final Rejection NOT_A_MEMBER = new Rejection(
            "identity.not-a-member",
            Kind.FORBIDDEN,
            "The principal is not a member of that workspace.",
            "Ask an administrator to add it.");

    static final Rejection NO_SUCH_PRINCIPAL = new Rejection(
            "identity.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "Check the id.");

    static final Rejection NO_SUCH_WORKSPACE = new Rejection(
            "identity.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id.");

    static final Rejection EMAIL_TAKEN = new Rejection(
            "identity.email-taken",
            Kind.CONFLICT,
            "Another principal of this organisation has this e-mail address.",
            "Use another, or none.");

    static final Rejection EXTERNAL_NAME_TAKEN = new Rejection(
            "identity.external-name-taken",
            Kind.CONFLICT,
            "Another principal of this organisation has this external name.",
            "Use another, or none.");

    static final Rejection SELF_DEACTIVATION = new Rejection(
            "identity.self-deactivation",
            Kind.FORBIDDEN,
            "A principal may not deactivate itself.",
            "Ask another administrator.");

    static final Rejection LAST_ADMINISTRATOR = new Rejection(
            "identity.last-administrator",
            Kind.FORBIDDEN,
            "Nobody else who is active holds the built-in role in the whole organisation and without end.",
            "Assign it to another principal first.");

    static final Rejection HOLDS_MORE = new Rejection(
            "identity.holds-more",
            Kind.FORBIDDEN,
            "The principal holds what the caller neither holds nor may delegate.",
            "Ask somebody who holds it, or role:delegate.");

    static final Rejection PAGE_SIZE = new Rejection(
            "identity.page-size",
            Kind.INVALID,
            "A page has at most " + Directory.MAX_PAGE + " entries.",
            "Ask for fewer, and go on with next_page.");

    static final Rejection KEY_UNUSABLE = new Rejection(
            "identity.key-unusable",
            Kind.INVALID,
            "The public key is neither one of Ed25519 nor one of P-256.",
            "Send the 32 bytes of an Ed25519 key (RFC 8032), or the 65 of an uncompressed point of P-256: 4, x, y.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(IdentityRejection.class);

    private IdentityRejection() {}
}
