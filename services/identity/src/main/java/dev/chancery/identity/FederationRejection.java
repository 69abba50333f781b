package dev.chancery.identity;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why who comes from elsewhere, or acts for somebody, is refused. Codes are stable: clients branch on them. */
final class FederationRejection {
    private FederationRejection() {}

    static final Rejection ISSUER_KEYS = new Rejection(
            "identity.issuer-keys",
            Kind.INVALID,
            "The issuer's keys can't be taken: not a JWK set, or one of them is private, weak or of another kind.",
            "Send the JWK set with 1 to 16 public keys of Ed25519, P-256, P-384 or RSA from 2048 bits, each with a kid of its own.");

    static final Rejection ISSUER_TERMS = new Rejection(
            "identity.issuer-terms",
            Kind.INVALID,
            "What is said of the issuer is too much, too little or contradicts itself.",
            "1 to 8 audiences; at most 20 conditions with 1 to 100 values each; at most 100 group roles, each complete; creates USER or SERVICE.");

    static final Rejection ISSUER_TRUSTED = new Rejection(
            "identity.issuer-trusted",
            Kind.CONFLICT,
            "The organisation trusts this issuer already.",
            "Change what is said of it: ChangeIssuer.");

    static final Rejection TOO_MANY_ISSUERS = new Rejection(
            "identity.too-many-issuers",
            Kind.CONFLICT,
            "The organisation trusts as many issuers as it can.",
            "Distrust one that is not needed.");

    static final Rejection NO_SUCH_ISSUER = new Rejection(
            "identity.no-such-issuer",
            Kind.NOT_FOUND,
            "The organisation trusts no such issuer.",
            "Check the id: ListIssuers.");

    static final Rejection NO_SUCH_ROLE = new Rejection(
            "identity.no-such-role", Kind.NOT_FOUND, "There is no such role in this organisation.", "Define it first.");

    static final Rejection ROLE_NOT_HELD = new Rejection(
            "identity.role-not-held",
            Kind.FORBIDDEN,
            "A group would be given a role that is not the caller's to give.",
            "Map roles whose capabilities you hold, there and without end; or hold role:delegate there.");

    static final Rejection ISSUER_DELEGATE = new Rejection(
            "identity.issuer-delegate",
            Kind.FORBIDDEN,
            "Whoever changes an issuer might sign in as any of its users, and the caller may not hand out all that they hold.",
            "Let it be done by somebody who holds role:delegate in the whole organisation.");

    static final Rejection TOKEN_TYPES = new Rejection(
            "identity.token-types",
            Kind.INVALID,
            "These tokens can't be exchanged for one another.",
            "Send an issuer's token as jwt or id_token with the organisation as audience; or a user's access_token with an agent's as actor_token.");

    static final Rejection SUBJECT_TOKEN_INVALID = new Rejection(
            "identity.subject-token-invalid",
            Kind.UNAUTHENTICATED,
            "The subject token is not one of an issuer that this organisation trusts, or not signed by it.",
            "Check the audience, which is the organisation's id; the token's iss; and that the issuer's present keys are registered.");

    static final Rejection SUBJECT_TOKEN_AUDIENCE = new Rejection(
            "identity.subject-token-audience",
            Kind.UNAUTHENTICATED,
            "The subject token is meant for somebody else.",
            "Each of its aud has to be an audience that the organisation registered with the issuer.");

    static final Rejection SUBJECT_TOKEN_TIME = new Rejection(
            "identity.subject-token-time",
            Kind.UNAUTHENTICATED,
            "The subject token has ended, has not begun, or is good for longer than a day.",
            "Get a new one; compare the clocks. It needs iat and exp, whole seconds.");

    static final Rejection SUBJECT_TOKEN_CONDITIONS = new Rejection(
            "identity.subject-token-conditions",
            Kind.UNAUTHENTICATED,
            "The subject token does not fulfil the conditions that the organisation set.",
            "Compare its claims with the issuer's conditions: ListIssuers.");

    static final Rejection SUBJECT_TOKEN_SUBJECT = new Rejection(
            "identity.subject-token-subject",
            Kind.UNAUTHENTICATED,
            "The subject token does not say whom it is about.",
            "It needs the claim that the issuer's subject_claim names: a text of 1 to 255 characters.");

    static final Rejection SUBJECT_TOKEN_REPLAYED = new Rejection(
            "identity.subject-token-replayed",
            Kind.UNAUTHENTICATED,
            "This subject token was already exchanged.",
            "Get a new one from the issuer for each exchange.");

    static final Rejection SUBJECT_UNKNOWN = new Rejection(
            "identity.subject-unknown",
            Kind.UNAUTHENTICATED,
            "Nobody of that name at the issuer is a principal here, or it was ended.",
            "Ask an administrator.");

    static final Rejection SUBJECT_RACED = new Rejection(
            "identity.subject-raced",
            Kind.UNAVAILABLE,
            "Another token of this user was exchanged at the same moment, and both were its first.",
            "Send it again.");

    static final Rejection ACTOR_TOKEN = new Rejection(
            "identity.actor-token",
            Kind.UNAUTHENTICATED,
            "An agent can't act by these tokens.",
            "Send a user's access token and one of an agent or service of the same organisation, both good now.");

    static final Rejection ACTOR_CHAIN = new Rejection(
            "identity.actor-chain",
            Kind.UNAUTHENTICATED,
            "Whoever acts for somebody does so itself.",
            "Exchange the user's own token and the agent's own, not one by which an agent acts already.");

    static final Rejection ACTOR_NOT_ALLOWED = new Rejection(
            "identity.actor-not-allowed",
            Kind.FORBIDDEN,
            "The user does not let this agent act for it, or no longer.",
            "The user allows it: AllowAgent.");

    static final Rejection DELEGATION_OWN = new Rejection(
            "identity.delegation-own",
            Kind.FORBIDDEN,
            "Who may act for a user, only the user says, and itself.",
            "Call it with the user's own token.");

    static final Rejection DELEGATION_AGENT = new Rejection(
            "identity.delegation-agent",
            Kind.NOT_FOUND,
            "There is no such agent or service in this organisation.",
            "Check the id; a user acts for itself only.");

    static final Rejection DELEGATION_END = new Rejection(
            "identity.delegation-end",
            Kind.INVALID,
            "It would be over already, or not for more than a year.",
            "Send until_millis, Unix time in milliseconds, at most 366 days ahead.");

    static final Rejection TOO_MANY_DELEGATIONS = new Rejection(
            "identity.too-many-delegations",
            Kind.CONFLICT,
            "As many agents act for the user as can.",
            "Withdraw one that is not needed.");

    static final Rejection NO_SUCH_DELEGATION = new Rejection(
            "identity.no-such-delegation",
            Kind.NOT_FOUND,
            "The caller allowed no such thing.",
            "Check the id: ListAgents.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(FederationRejection.class);
}
