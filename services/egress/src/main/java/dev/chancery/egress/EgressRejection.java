package dev.chancery.egress;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import dev.chancery.redaction.Profile;
import java.util.List;
import java.util.TreeSet;

/** Why egress refuses. */
final class EgressRejection {
    /** Of a URL, by {@code Evaluate} and the proxy. */
    static final Rejection DENIED = new Rejection(
            "egress.denied",
            Kind.FORBIDDEN,
            "The workspace may not reach this host.",
            "Have the host added to the workspace's list, or ask for an override.");

    static final Rejection NO_SUCH_WORKSPACE = new Rejection(
            "egress.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id.");

    static final Rejection PATTERN = new Rejection(
            "egress.pattern",
            Kind.INVALID,
            "The pattern names no host that may be listed.",
            "Write [scheme://][*.|**.]host[:port], 1 to 128 characters in ASCII, without a path; no public suffix and no address that is"
                    + " not on the public internet.");

    static final Rejection TOO_MANY = new Rejection(
            "egress.too-many",
            Kind.CONFLICT,
            "A workspace has at most " + EgressRules.MAX_PATTERNS + " allowed and as many denied hosts, "
                    + EgressRules.MAX_CONNECTORS + " connectors of 1 to " + EgressRules.MAX_CONNECTOR_HOSTS
                    + " hosts, and "
                    + EgressRules.MAX_OVERRIDES + " overrides that are wanted or in force.",
            "Remove what is not used.");

    static final Rejection TOO_LONG = new Rejection(
            "egress.too-long",
            Kind.INVALID,
            "An override lasts 1 to " + EgressRules.MAX_MINUTES + " minutes.",
            "Ask for less, or have the host added to the workspace's list.");

    static final Rejection NO_SUCH_OVERRIDE = new Rejection(
            "egress.no-such-override",
            Kind.NOT_FOUND,
            "The workspace has no such override.",
            "List the workspace's overrides.");

    static final Rejection SELF_APPROVAL = new Rejection(
            "egress.self-approval",
            Kind.FORBIDDEN,
            "Nobody approves an override that they asked for, or that was asked for on their behalf.",
            "Ask somebody else.");

    static final Rejection OVER = new Rejection(
            "egress.over", Kind.CONFLICT, "The override was revoked, or its time is over.", "Ask for another one.");

    static final Rejection DLP_POLICY = new Rejection(
            "egress.dlp-policy",
            Kind.INVALID,
            "A kind of data is unknown, or is to be both blocked and let through.",
            "Name kinds of " + String.join(", ", new TreeSet<>(Profile.ALL.kinds())) + " and " + DlpPolicy.UNREADABLE
                    + ", each once.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(EgressRejection.class);

    private EgressRejection() {}
}
