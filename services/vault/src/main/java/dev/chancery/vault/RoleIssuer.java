package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.chancery.command.Clock;
import dev.chancery.command.CommandContext;
import dev.chancery.command.Granter;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.PostgresRole;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionState;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Gives roles of databases the passwords that the log has for them, and takes them away. Who is at a role holds a lock of the database, and reads
 * the log behind it: none sets an older password than the log's newest, and none takes away one that is in use.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class RoleIssuer {
    private static final int MAX_ROLES = 2;
    private static final String ROLES_OF_LEASES = "chancery_";

    private final SecretRing ring;
    private final VaultLog log;
    private final Targets targets;

    RoleIssuer(SecretRing ring, VaultLog log, Targets targets) {
        this.ring = ring;
        this.log = log;
        this.targets = targets;
    }

    /** Why a caller may not have roles' passwords be a secret's values; empty: it may. */
    static Optional<Rejection> refuses(CommandContext context, String secret, PostgresRole wanted) {
        if (!Names.environmentOf(wanted.getDatabase()).equals(Names.environmentOf(secret))) {
            return Optional.of(VaultRejection.OTHER_ENVIRONMENT);
        }
        Optional<DatabaseConnected> database = context.read(
                        Names.database(wanted.getDatabase()), ConnectedDatabase.FOLD)
                .connected();
        if (database.isEmpty()) {
            return Optional.of(VaultRejection.NO_SUCH_DATABASE);
        }
        List<String> roles = wanted.getRolesList();
        boolean wellFormed = roles.size() <= MAX_ROLES
                && new HashSet<>(roles).size() == roles.size()
                && roles.stream()
                        .noneMatch(
                                role -> role.equals(database.get().getAdminName()) || role.startsWith(ROLES_OF_LEASES));
        if (!wellFormed) {
            return Optional.of(VaultRejection.ROTATOR);
        }
        Secret admin = context.read(Names.secret(database.get().getAdminSecret()), Secret.FOLD);
        if (BoundSecrets.areOver(context, admin)) {
            return Optional.of(VaultRejection.DISCONNECTED);
        }
        // Whoever may read the administrator's password could do it there.
        return VaultRules.mayRead(
                context.read(Names.environment(Names.environmentOf(secret)), Environment.FOLD),
                admin,
                0,
                Granter.of(context),
                true,
                context.atMicros());
    }

    /** @return the value; empty: the version is not asked for any more */
    Optional<String> make(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        Targets.Known known = known(tenant, asked);
        if (known.admin().current().isEmpty() || log.isOver(tenant, known.admin())) {
            throw new IssuerRefused(VaultRejection.NO_ADMIN_SECRET.code());
        }
        String name = asked.getSecret();
        String password = password(tenant, asked);
        boolean done = in(known, session -> {
            session.hold(asked.getRoleName());
            boolean still = log.secret(tenant, name)
                    .state()
                    .version(asked.getSecretVersion())
                    .filter(Secret.Version::isAsked)
                    .isPresent();
            if (still) {
                session.setPassword(asked.getRoleName(), password.toCharArray());
            }
            return still;
        });
        DatabaseConnected database = known.database();
        return done
                ? Optional.of("postgresql://" + asked.getRoleName() + ":" + password + "@" + database.getHost() + ":"
                        + database.getPort() + "/" + database.getDatabaseName())
                : Optional.empty();
    }

    /**
     * Takes a version's password from its role, unless the role has another by now, and ends the role's connections. One that gave way to the next
     * by the schedule alone leaves the connections of the same role as they are; one that was given up before it had a value leaves the role the
     * password that is in use.
     *
     * @return whether it is done; false: the role is to have another password first
     */
    boolean takeBack(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        return switch (next(tenant, asked)) {
            case Step.Later later -> false;
            case Step.Nothing nothing -> true;
            case Step.GiveBack giveBack -> atTheRole(tenant, asked);
            case Step.EndSessions endSessions -> atTheRole(tenant, asked);
            case Step.EndPassword endPassword -> atTheRole(tenant, asked);
        };
    }

    private boolean atTheRole(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        String role = asked.getRoleName();
        return in(known(tenant, asked), session -> {
            session.hold(role);
            return switch (next(tenant, asked)) {
                case Step.Later later -> false;
                case Step.Nothing nothing -> true;
                case Step.GiveBack(SecretVersionAsked inUse) -> {
                    session.setPassword(role, password(tenant, inUse).toCharArray());
                    yield true;
                }
                case Step.EndSessions endSessions -> {
                    session.endSessions(role);
                    yield true;
                }
                case Step.EndPassword endPassword -> {
                    session.endPassword(role);
                    session.endSessions(role);
                    yield true;
                }
            };
        });
    }

    /** What it takes to take a password back. */
    private sealed interface Step {
        /** The role is to have another password first. */
        record Later() implements Step {}

        record Nothing() implements Step {}

        record GiveBack(SecretVersionAsked inUse) implements Step {}

        record EndSessions() implements Step {}

        record EndPassword() implements Step {}
    }

    private Step next(String tenant, SecretVersionAsked asked) {
        Secret secret = log.secret(tenant, asked.getSecret()).state();
        int number = asked.getSecretVersion();
        long now = Clock.nowMicros();
        Optional<Secret.Version> version =
                secret.version(number).filter(known -> known.toWithdraw(now).isPresent());
        if (version.isEmpty()) {
            return new Step.Nothing();
        }
        SortedMap<Integer, Secret.Version> ofTheRole = new TreeMap<>(secret.versions());
        ofTheRole.keySet().removeIf(other -> other == number || !secret.sharesRole(number, other));
        if (ofTheRole.values().stream().anyMatch(Secret.Version::isAsked)) {
            return new Step.Later();
        }
        if (ofTheRole.tailMap(number).isEmpty()) {
            return ofTheRole.values().stream()
                    .filter(other -> other.isReadable(now))
                    .reduce((older, newer) -> newer)
                    .flatMap(Secret.Version::issue)
                    .<Step>map(issue -> new Step.GiveBack(issue.asked()))
                    .orElseGet(Step.EndPassword::new);
        }
        return version.get().state() == SecretVersionState.SECRET_VERSION_STATE_DEPRECATED
                ? new Step.Nothing()
                : new Step.EndSessions();
    }

    private String password(String tenant, SecretVersionAsked asked) {
        String name = asked.getSecret();
        byte[] password = ring.open(
                new SecretPlace(tenant, Names.environmentOf(name), name, asked.getSecretVersion()),
                asked.getPassword());
        try {
            return new String(password, US_ASCII);
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }

    private Targets.Known known(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        Optional<Targets.Known> known =
                log.database(tenant, asked.getRotator().getPostgresRole().getDatabase());
        if (known.isEmpty()) {
            throw new IssuerRefused(VaultRejection.NO_SUCH_DATABASE.code());
        }
        return known.get();
    }

    private boolean in(Targets.Known known, Targets.Work<Boolean> work) throws IssuerRefused {
        try {
            return targets.in(known, Clock.nowMicros(), work);
        } catch (TargetRefused e) {
            throw new IssuerRefused(e.rejection().code());
        }
    }
}
