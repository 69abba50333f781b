package dev.chancery.vault;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import dev.chancery.keyring.OrganisationKeys;
import dev.chancery.keyring.SealerKeys;
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

    static final Rejection NO_SUCH_WORKSPACE = new Rejection(
            "vault.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id.");

    static final Rejection DISCONNECTED = new Rejection(
            "vault.disconnected",
            Kind.CONFLICT,
            "The secret is bound to a connector that was disconnected, and ends with it.",
            "Connect the connector, and write and bind a secret again once this one is destroyed, which takes seconds.");

    static final Rejection NOT_CONNECTED = new Rejection(
            "vault.not-connected",
            Kind.CONFLICT,
            "The workspace has no such connector that is connected.",
            "Connect it first, or check its name: GetEgressPolicy lists them.");

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

    static final Rejection VERSION_ASKED = new Rejection(
            "vault.version-asked",
            Kind.CONFLICT,
            "The secret's rotator is asked for this version, and has not made it yet.",
            "Read without a version, or retry once it is there: ListSecrets shows it.");

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
            "A schedule has at most 3,650 days, 90 for a high value, 365 for a low one; a window at most 8,760 hours.",
            "Correct the schedule, the class or the window.");

    static final Rejection ROTATOR = new Rejection(
            "vault.rotator",
            Kind.INVALID,
            "The rotator is of no kind, or needs the secret that it makes; or its URL is neither https nor an address of this machine that the"
                    + " operator opened; or its roles are not one or two, or among them is the vault's own.",
            "Name one kind: https URLs and other secrets than this one, or one or two roles.");

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
            "This version of the key is the current one, or it or an older one still wraps other keys.",
            "Rotate the key, rewrap or reseal until nothing is left, then retire the old version.");

    static final Rejection NO_SUCH_KEY = new Rejection(
            "vault.no-such-key",
            Kind.NOT_FOUND,
            "The key has no such version.",
            "List the environments, the organisation's keys or the sealer's to see the versions; each ring of the sealer's has its own.");

    static final Rejection TOO_MANY_KEYS = new Rejection(
            "vault.too-many-keys",
            Kind.CONFLICT,
            "There are as many versions of the key as may be: " + OrganisationKeys.MAX_VERSIONS
                    + " of an organisation's, or " + SealerKeys.MAX_ASKED
                    + " of a ring of the sealer's that were asked for.",
            "Rewrap or reseal until nothing is left and retire the older versions; those of a ring go at the horizon, or at once as compromised.");

    static final Rejection AT_MOST = new Rejection(
            "vault.at-most",
            Kind.INVALID,
            "One request rewraps or reseals 1 to 1,000 keys.",
            "Ask again until none is left.");

    static final Rejection PAGE = new Rejection(
            "vault.page", Kind.INVALID, "A page has 1 to 200 secrets.", "Correct the page size, or leave it out.");

    static final Rejection IS_A_TEMPLATE = new Rejection(
            "vault.is-a-template",
            Kind.CONFLICT,
            "Credentials of a database have this name, and no secret can.",
            "Give the secret another name.");

    static final Rejection IS_A_SECRET = new Rejection(
            "vault.is-a-secret",
            Kind.CONFLICT,
            "A secret has this name, and no credentials of a database can.",
            "Give the credentials another name.");

    static final Rejection OTHER_ENVIRONMENT = new Rejection(
            "vault.other-environment",
            Kind.INVALID,
            "A database, its administrator's secret and its credentials are in one environment, as are a secret and what its rotator needs.",
            "Begin their names with the same environment.");

    static final Rejection NO_SUCH_DATABASE = new Rejection(
            "vault.no-such-database",
            Kind.NOT_FOUND,
            "There is no database of this name in this environment.",
            "List the databases, or connect one.");

    static final Rejection DATABASE_EXISTS = new Rejection(
            "vault.database-exists",
            Kind.CONFLICT,
            "There is a database of this name, and it is another: its host, port and name stay as they are.",
            "Connect the other one by another name, with templates of its own.");

    static final Rejection DATABASE_ADDRESS = new Rejection(
            "vault.database-address",
            Kind.INVALID,
            "The host is no name and no address, or the port is none from 1 to 65,535.",
            "Correct the host or the port.");

    static final Rejection TEMPLATE = new Rejection(
            "vault.template",
            Kind.INVALID,
            "A template names 1 to 16 roles, each once, and lasts 1 second to 30 days, its limit no less.",
            "Correct the roles, the durations or the number of connections, which is 1,000 at most.");

    static final Rejection TTL = new Rejection(
            "vault.ttl",
            Kind.INVALID,
            "The lease is asked for longer than its template gives.",
            "Ask for less, or leave it out and renew the lease in time.");

    static final Rejection NO_SUCH_LEASE = new Rejection(
            "vault.no-such-lease",
            Kind.NOT_FOUND,
            "There is no such lease, or it is not the caller's.",
            "Check the lease's id.");

    static final Rejection LEASE_ENDED =
            new Rejection("vault.lease-ended", Kind.CONFLICT, "The lease is over.", "Ask for a new credential.");

    static final Rejection EGRESS_DENIED = new Rejection(
            "vault.egress-denied",
            Kind.FORBIDDEN,
            "The egress list of the database's workspace does not let the vault reach its host, or the host leads to an address that is never"
                    + " allowed.",
            "Have the host listed with its port, e.g. db.example.com:5432; private networks the operator opens with"
                    + " chancery.leases.networks.");

    static final Rejection NO_ADMIN_SECRET = new Rejection(
            "vault.no-admin-secret",
            Kind.CONFLICT,
            "The secret with the password of the database's administrator has no current version.",
            "Write it, and retry.");

    static final Rejection ADMIN_REFUSED = new Rejection(
            "vault.admin-refused",
            Kind.CONFLICT,
            "The database does not let its administrator in by SCRAM, or not do what making credentials takes.",
            "Check the administrator's name, secret and CREATEROLE, and that it is a member of the template's roles and may grant them.");

    static final Rejection LEAK = new Rejection(
            "vault.leak",
            Kind.INVALID,
            "The leak's channel or severity is none of the contract's, or its first exposure is in the future.",
            "Correct the request.");

    static final Rejection LEAK_PAGE = new Rejection(
            "vault.leak-page", Kind.INVALID, "A page of leaks has at most 100.", "Ask for fewer, and page on.");

    static final Rejection ROLE_KEPT = new Rejection(
            "vault.role-kept",
            Kind.CONFLICT,
            "A credential's role signs in no more, and something keeps the database from dropping it.",
            "See what it made in other databases of the server, and who may own it.");

    static final Rejection GRANTED_ROLES = new Rejection(
            "vault.granted-roles",
            Kind.CONFLICT,
            "A role of the template is not in the database, or could make itself more than it is.",
            "Grant what programs need to a plain role, and name that.");

    static final Rejection TOO_MANY_LEASES = new Rejection(
            "vault.too-many-leases",
            Kind.TOO_MANY,
            "There are " + TargetServer.MAX_ROLES + " credentials of this database.",
            "Give back what is not needed, or have them last shorter.");

    static final Rejection DATABASE_UNREACHABLE = new Rejection(
            "vault.database-unreachable",
            Kind.UNAVAILABLE,
            "The database is not heard, or shows no certificate that holds.",
            "Retry once it is.");

    static final Rejection DATABASE_BUSY = new Rejection(
            "vault.database-busy",
            Kind.UNAVAILABLE,
            "The vault has as many connections to the database as it may have.",
            "Retry in a moment.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(VaultRejection.class);

    private VaultRejection() {}
}
