package dev.chancery.vault;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why the vault refuses. None says whether a value is right or what it looks like. */
final class VaultRejection {
    static final Rejection NO_SUCH_ENVIRONMENT = new Rejection(
            "vault.no-such-environment",
            Kind.NOT_FOUND,
            "There is no such environment in this organisation.",
            "List the environments, or check the reference: vault://<environment>/<path>.");

    static final Rejection ENVIRONMENT_EXISTS = new Rejection(
            "vault.environment-exists",
            Kind.CONFLICT,
            "There is an environment of this name, and it is another.",
            "Take another name, or change who may read and write in it.");

    static final Rejection TOO_MANY_NAMES = new Rejection(
            "vault.too-many-names",
            Kind.INVALID,
            "An access list has at most " + VaultRules.MAX_NAMES + " names, each once.",
            "Give a role to those that you mean, and name the role.");

    static final Rejection NOT_LISTED = new Rejection(
            "vault.not-listed",
            Kind.FORBIDDEN,
            "The caller is not on the access list of the environment or of the secret.",
            "Check that the reference is one of this program's environment, or have yourself put on the list.");

    static final Rejection SELF_GRANT = new Rejection(
            "vault.self-grant",
            Kind.FORBIDDEN,
            "Nobody puts themselves on an access list, by their id or by a role that they hold.",
            "Have somebody else put you on the list.");

    static final Rejection NO_SUCH_SECRET = new Rejection(
            "vault.no-such-secret",
            Kind.NOT_FOUND,
            "There is no such secret in this environment.",
            "List the secrets, or check the reference: vault://<environment>/<path>.");

    static final Rejection NO_SUCH_VERSION = new Rejection(
            "vault.no-such-version",
            Kind.NOT_FOUND,
            "The secret has no such version.",
            "List the secrets, or leave the version out of the reference.");

    static final Rejection NO_CURRENT_VERSION = new Rejection(
            "vault.no-current-version",
            Kind.CONFLICT,
            "The secret has no current version: the last one was taken out of use and nobody has written a new one.",
            "Have a new version written, and retry.");

    static final Rejection VERSION_ENDED = new Rejection(
            "vault.version-ended",
            Kind.CONFLICT,
            "This version of the secret is not read any more: it was revoked or destroyed, or its window is over.",
            "Retry without a version: that is the current one.");

    static final Rejection TOO_MANY_VERSIONS = new Rejection(
            "vault.too-many-versions",
            Kind.CONFLICT,
            "A secret has at most " + VaultRules.MAX_READABLE + " versions that can be read.",
            "Revoke or destroy older ones, or set a window after which they end.");

    static final Rejection NOT_GENERATED = new Rejection(
            "vault.not-generated",
            Kind.CONFLICT,
            "The vault does not make the values of this secret.",
            "Write the new value yourself, or set its rotation to generated.");

    static final Rejection ROTATION = new Rejection(
            "vault.rotation",
            Kind.INVALID,
            "A schedule has at most 3,650 days, and a window at most 8,760 hours.",
            "Correct the schedule.");

    static final Rejection NO_SUCH_OWNER = new Rejection(
            "vault.no-such-owner",
            Kind.NOT_FOUND,
            "There is no such active principal in this organisation.",
            "Check the owner's id.");

    static final Rejection BREAK_GLASS_ONLY = new Rejection(
            "vault.break-glass-only",
            Kind.FORBIDDEN,
            "A person reads a secret of a production environment only while break-glass gives them the right to, and says why.",
            "Ask for an elevation to a role with secret:read, and read with a reason.");

    static final Rejection KEY_IN_USE = new Rejection(
            "vault.key-in-use",
            Kind.CONFLICT,
            "This version of the environment's key is the current one or still wraps data keys.",
            "Rotate the key, rewrap until nothing is left, then retire the old version.");

    static final Rejection NO_SUCH_KEY = new Rejection(
            "vault.no-such-key",
            Kind.NOT_FOUND,
            "The environment's key has no such version.",
            "List the environments to see the versions.");

    static final Rejection AT_MOST = new Rejection(
            "vault.at-most",
            Kind.INVALID,
            "One request rewraps 1 to 1,000 data keys.",
            "Ask again until none is left.");

    static final Rejection PAGE = new Rejection(
            "vault.page", Kind.INVALID, "A page has 1 to 200 secrets.", "Correct the page size, or leave it out.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(VaultRejection.class);

    private VaultRejection() {}
}
