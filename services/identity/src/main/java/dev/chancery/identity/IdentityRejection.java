package dev.chancery.identity;

import dev.chancery.kernel.Rejection;

/** Why identity refuses. */
enum IdentityRejection implements Rejection {
    CLAIM_INVALID(
            "identity.claim-invalid",
            Kind.UNAUTHENTICATED,
            "This is not the installation's owner claim, or it has been used.",
            "The claim lies in the file that the first start named; after an owner exists there is none."),
    ASSERTION_INVALID(
            "identity.assertion-invalid",
            Kind.UNAUTHENTICATED,
            "The client assertion is not valid here.",
            "Sign a JWT with EdDSA and the registered key: iss and sub the client id, aud the issuer, a new jti, exp within five minutes."),
    ASSERTION_REPLAYED(
            "identity.assertion-replayed",
            Kind.UNAUTHENTICATED,
            "This client assertion has been used.",
            "Sign a new one, with a new jti, for each token."),
    NOT_A_MEMBER(
            "identity.not-a-member",
            Kind.FORBIDDEN,
            "The principal is not a member of that workspace.",
            "Ask an administrator to add it."),
    NO_SUCH_PRINCIPAL(
            "identity.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "Check the id."),
    NO_SUCH_WORKSPACE(
            "identity.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id."),
    EMAIL_TAKEN(
            "identity.email-taken",
            Kind.CONFLICT,
            "Another principal of this organisation has this e-mail address.",
            "Use another, or none."),
    SELF_DEACTIVATION(
            "identity.self-deactivation",
            Kind.FORBIDDEN,
            "Nobody deactivates themselves.",
            "Ask another administrator."),
    KEY_UNUSABLE(
            "identity.key-unusable",
            Kind.INVALID,
            "The public key is not a point on Ed25519.",
            "Send the 32 bytes of a public key as RFC 8032 writes them.");

    private final String code;
    private final Kind kind;
    private final String message;
    private final String hint;

    IdentityRejection(String code, Kind kind, String message, String hint) {
        this.code = code;
        this.kind = kind;
        this.message = message;
        this.hint = hint;
    }

    @Override
    public String code() {
        return code;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public String message() {
        return message;
    }

    @Override
    public String hint() {
        return hint;
    }
}
