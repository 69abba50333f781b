package dev.chancery.vault;

import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static dev.chancery.schema.vault.v1.SecretVersionState.SECRET_VERSION_STATE_ASKED;
import static dev.chancery.schema.vault.v1.SecretVersionState.SECRET_VERSION_STATE_CURRENT;
import static dev.chancery.schema.vault.v1.SecretVersionState.SECRET_VERSION_STATE_DEPRECATED;
import static dev.chancery.schema.vault.v1.SecretVersionState.SECRET_VERSION_STATE_DESTROYED;
import static dev.chancery.schema.vault.v1.SecretVersionState.SECRET_VERSION_STATE_REVOKED;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Connections;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.vault.v1.EnvironmentAccessSet;
import dev.chancery.schema.vault.v1.EnvironmentCreated;
import dev.chancery.schema.vault.v1.EnvironmentKeyRetired;
import dev.chancery.schema.vault.v1.EnvironmentKeyRotated;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretBound;
import dev.chancery.schema.vault.v1.SecretClass;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionDeprecated;
import dev.chancery.schema.vault.v1.SecretVersionDestroyed;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Who may read and write what, and what becomes of older versions. Pure; knows no value. */
final class VaultRules {
    static final int MAX_NAMES = 64;
    static final int MAX_READABLE = 20;

    private static final long HOUR_MICROS = 3_600_000_000L;
    private static final long BOUND_KEPT_MICROS = 1_000_000;
    private static final int MAX_DAYS = 3_650;
    private static final int MAX_DAYS_HIGH_VALUE = 90;
    private static final int MAX_DAYS_LOW_VALUE = 365;
    private static final int MAX_WINDOW_HOURS = 8_760;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final String WHOLE_ORGANISATION = "";

    private VaultRules() {}

    static Decision<Message> create(Environment before, EnvironmentCreated wanted) {
        if (before.exists()) {
            boolean same = before.production() == wanted.getProduction()
                    && before.readers().equals(wanted.getReadersList())
                    && before.writers().equals(wanted.getWritersList());
            return same ? nothing() : reject(VaultRejection.ENVIRONMENT_EXISTS);
        }
        return isList(wanted.getReadersList()) && isList(wanted.getWritersList())
                ? events(wanted)
                : reject(VaultRejection.TOO_MANY_NAMES);
    }

    static Decision<Message> setAccess(
            Environment environment, Granter caller, EnvironmentAccessSet wanted, long atMicros) {
        if (!environment.exists()) {
            return reject(VaultRejection.NO_SUCH_ENVIRONMENT);
        }
        if (!isList(wanted.getReadersList()) || !isList(wanted.getWritersList())) {
            return reject(VaultRejection.TOO_MANY_NAMES);
        }
        if (gains(environment.readers(), wanted.getReadersList(), caller, atMicros)
                || gains(environment.writers(), wanted.getWritersList(), caller, atMicros)) {
            return reject(VaultRejection.SELF_GRANT);
        }
        return environment.readers().equals(wanted.getReadersList())
                        && environment.writers().equals(wanted.getWritersList())
                ? nothing()
                : events(wanted);
    }

    static Decision<Message> rotateKey(Environment environment, String name) {
        return environment.exists()
                ? events(EnvironmentKeyRotated.newBuilder()
                        .setEnvironment(name)
                        .setKeyVersion(environment.keyVersion() + 1)
                        .build())
                : reject(VaultRejection.NO_SUCH_ENVIRONMENT);
    }

    static Decision<Message> retireKey(Environment environment, String name, int version) {
        if (!environment.exists()) {
            return reject(VaultRejection.NO_SUCH_ENVIRONMENT);
        }
        if (version < 1 || version > environment.keyVersion()) {
            return reject(VaultRejection.NO_SUCH_KEY);
        }
        if (version == environment.keyVersion()) {
            return reject(VaultRejection.KEY_IN_USE);
        }
        return environment.retired().contains(version)
                ? nothing()
                : events(EnvironmentKeyRetired.newBuilder()
                        .setEnvironment(name)
                        .setKeyVersion(version)
                        .build());
    }

    /** Whether a caller may write in an environment at all; empty: it may. */
    static Optional<Rejection> mayWrite(Environment environment, Granter caller, long atMicros) {
        if (!environment.exists()) {
            return Optional.of(VaultRejection.NO_SUCH_ENVIRONMENT);
        }
        return admits(environment.writers(), caller, atMicros)
                ? Optional.empty()
                : Optional.of(VaultRejection.NOT_LISTED);
    }

    /** Whether there may be one more version; empty: there may. */
    static Optional<Rejection> mayAdd(Secret secret, boolean compromised, long atMicros) {
        if (secret.template().isPresent()) {
            return Optional.of(VaultRejection.IS_A_TEMPLATE);
        }
        long readable = secret.versions().values().stream()
                .filter(version -> version.isReadable(atMicros))
                .count();
        return readable < MAX_READABLE || compromised
                ? Optional.empty()
                : Optional.of(VaultRejection.TOO_MANY_VERSIONS);
    }

    /** The next version, and what becomes of the older ones: they are read until there is a value, unless somebody may know them. */
    static List<Message> next(Secret secret, NextVersion next, boolean compromised, long atMicros) {
        return switch (next) {
            case NextVersion.Made made -> written(secret, made.written(), compromised, atMicros);
            case NextVersion.Asked asked ->
                Stream.concat(
                                compromised ? revokedAll(secret, asked.asked().getSecret()).stream() : Stream.empty(),
                                Stream.of(asked.asked()))
                        .toList();
        };
    }

    /** A new version, and what becomes of the older ones; one that a rotator is still asked for is not waited for any more. */
    static List<Message> written(Secret secret, SecretVersionWritten written, boolean compromised, long atMicros) {
        List<Message> events = new ArrayList<>();
        events.add(written);
        if (compromised) {
            events.addAll(revokedAll(secret, written.getSecret()));
        } else {
            secret.versions().forEach((number, version) -> {
                if (version.isReadable(atMicros) && secret.sharesRole(number, written.getSecretVersion())) {
                    // The role has one password, and it is the new one.
                    events.add(deprecatedUntil(written.getSecret(), number, atMicros));
                } else if (version.state() == SECRET_VERSION_STATE_CURRENT) {
                    events.add(deprecated(secret, written.getSecret(), number, atMicros));
                } else if (version.isAsked() && number != written.getSecretVersion()) {
                    events.add(revoked(written.getSecret(), number));
                }
            });
        }
        return events;
    }

    /** All versions that might be read, now or once there is a value, are not any more. */
    static List<Message> revokedAll(Secret secret, String name) {
        return secret.versions().entrySet().stream()
                .filter(version -> version.getValue().state() == SECRET_VERSION_STATE_CURRENT
                        || version.getValue().state() == SECRET_VERSION_STATE_DEPRECATED
                        || version.getValue().isAsked())
                .map(version -> revoked(name, version.getKey()))
                .toList();
    }

    private static Message revoked(String name, int number) {
        return SecretVersionRevoked.newBuilder()
                .setSecret(name)
                .setSecretVersion(number)
                .build();
    }

    private static Message deprecated(Secret secret, String name, int number, long atMicros) {
        int hours = secret.rotation().getWindowHours();
        long window = hours == 0 ? 0 : atMicros + hours * HOUR_MICROS;
        // It may end by itself before.
        long ends = secret.version(number).map(Secret.Version::untilMicros).orElse(0L);
        return deprecatedUntil(name, number, ends == 0 || (window != 0 && window < ends) ? window : ends);
    }

    private static Message deprecatedUntil(String name, int number, long untilMicros) {
        return SecretVersionDeprecated.newBuilder()
                .setSecret(name)
                .setSecretVersion(number)
                .setUntilMicros(untilMicros)
                .build();
    }

    /**
     * Whether a caller may read a version; empty: it may.
     *
     * @param number 0: the current one
     * @param justified whether the caller is a program, or a person to whom break-glass gives the right and who says why
     */
    static Optional<Rejection> mayRead(
            Environment environment, Secret secret, int number, Granter caller, boolean justified, long atMicros) {
        Optional<Rejection> refused =
                mayOpen(environment, !secret.versions().isEmpty(), secret.readers(), caller, justified, atMicros);
        if (refused.isPresent()) {
            return refused;
        }
        if (number == 0) {
            return secret.current().isPresent() ? Optional.empty() : Optional.of(VaultRejection.NO_CURRENT_VERSION);
        }
        Optional<Secret.Version> version = secret.version(number);
        if (version.isEmpty()) {
            return Optional.of(VaultRejection.NO_SUCH_VERSION);
        }
        if (version.get().isAsked()) {
            return Optional.of(VaultRejection.VERSION_ASKED);
        }
        return version.get().isReadable(atMicros) ? Optional.empty() : Optional.of(VaultRejection.VERSION_ENDED);
    }

    /** Until when whoever was given a value keeps it: a bound one only for as long as it may take its end to be noticed. */
    static long keptUntil(Secret secret, Secret.Version version, long atMicros) {
        long bound = atMicros + BOUND_KEPT_MICROS;
        return secret.binding().isEmpty() || version.untilMicros() != 0 && version.untilMicros() < bound
                ? version.untilMicros()
                : bound;
    }

    /** Whether a caller may be given a credential; empty: it may. The rest as in {@link #mayRead}. */
    static Optional<Rejection> mayLease(
            Environment environment, Secret secret, Granter caller, boolean justified, long atMicros) {
        List<String> readers = secret.template()
                .map(template -> List.copyOf(template.getReadersList()))
                .orElse(List.of());
        return mayOpen(environment, secret.template().isPresent(), readers, caller, justified, atMicros);
    }

    private static Optional<Rejection> mayOpen(
            Environment environment,
            boolean isThere,
            List<String> readers,
            Granter caller,
            boolean justified,
            long atMicros) {
        if (!environment.exists()) {
            return Optional.of(VaultRejection.NO_SUCH_ENVIRONMENT);
        }
        if (!admits(environment.readers(), caller, atMicros)) {
            return Optional.of(VaultRejection.NOT_LISTED);
        }
        if (!isThere) {
            return Optional.of(VaultRejection.NO_SUCH_SECRET);
        }
        if (!readers.isEmpty() && !admits(readers, caller, atMicros)) {
            return Optional.of(VaultRejection.NOT_LISTED);
        }
        return environment.production() && !justified ? Optional.of(VaultRejection.BREAK_GLASS_ONLY) : Optional.empty();
    }

    /** The break-glass that gives a principal {@code secret:read} at a moment, the one that ends last; empty: none does. */
    static Optional<Assignment> elevationToRead(Authority authority, long atMicros) {
        return authority.elevations().held().stream()
                .filter(held -> isHeld(held, atMicros)
                        && authority
                                .bundle(held.role())
                                .filter(bundle -> bundle.contains("secret:read"))
                                .isPresent())
                .max(Comparator.comparingLong(Assignment::untilMicros));
    }

    /** A list names principals by their ids and roles by their names; of an agent that acts for somebody, it must name both. */
    private static boolean admits(List<String> names, Granter caller, long atMicros) {
        return caller.selves().stream().allMatch(self -> names.stream().anyMatch(name -> is(self, name, atMicros)));
    }

    /** Whether a caller, or whom it acts for, is on a list that it was not on before. */
    private static boolean gains(List<String> before, List<String> after, Granter caller, long atMicros) {
        return caller.selves().stream()
                .anyMatch(self -> after.stream().anyMatch(name -> is(self, name, atMicros))
                        && before.stream().noneMatch(name -> is(self, name, atMicros)));
    }

    private static boolean is(Authority self, String name, long atMicros) {
        if (ID.matcher(name).matches()) {
            return name.equals(self.principalId());
        }
        return self.holdsRole(name, WHOLE_ORGANISATION, atMicros)
                || (self.principal().active()
                        && self.elevations().held().stream()
                                .anyMatch(held -> held.role().equals(name) && isHeld(held, atMicros)));
    }

    /** In the whole organisation, at a moment. */
    private static boolean isHeld(Assignment held, long atMicros) {
        return held.workspace().isEmpty()
                && held.fromMicros() <= atMicros
                && (held.untilMicros() == 0 || atMicros < held.untilMicros());
    }

    static Decision<Message> deprecate(
            Environment environment, Secret secret, Granter caller, String name, int number, long atMicros) {
        return change(environment, secret, caller, number, atMicros, version -> switch (version.state()) {
            case SECRET_VERSION_STATE_CURRENT -> events(deprecated(secret, name, number, atMicros));
            case SECRET_VERSION_STATE_DEPRECATED -> nothing();
            case SECRET_VERSION_STATE_ASKED -> reject(VaultRejection.VERSION_ASKED);
            default -> reject(VaultRejection.VERSION_ENDED);
        });
    }

    static Decision<Message> revoke(
            Environment environment, Secret secret, Granter caller, String name, int number, long atMicros) {
        return change(environment, secret, caller, number, atMicros, version -> switch (version.state()) {
            case SECRET_VERSION_STATE_REVOKED -> nothing();
            case SECRET_VERSION_STATE_DESTROYED -> reject(VaultRejection.VERSION_ENDED);
            default -> events(revoked(name, number));
        });
    }

    static Decision<Message> destroy(
            Environment environment, Secret secret, Granter caller, String name, int number, long atMicros) {
        return change(
                environment,
                secret,
                caller,
                number,
                atMicros,
                version -> version.state() == SECRET_VERSION_STATE_DESTROYED
                        ? nothing()
                        : events(SecretVersionDestroyed.newBuilder()
                                .setSecret(name)
                                .setSecretVersion(number)
                                .build()));
    }

    /** Takes a version out of use: what a writer of the environment does. */
    private static Decision<Message> change(
            Environment environment,
            Secret secret,
            Granter caller,
            int number,
            long atMicros,
            Function<Secret.Version, Decision<Message>> change) {
        Optional<Rejection> refused = mayWrite(environment, caller, atMicros);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (!secret.exists()) {
            return reject(VaultRejection.NO_SUCH_SECRET);
        }
        return secret.version(number).map(change).orElseGet(() -> reject(VaultRejection.NO_SUCH_VERSION));
    }

    /**
     * Makes a secret, or credentials, a connector's: what a writer of the environment does.
     *
     * @param over whether what it is bound to was disconnected
     */
    static Decision<Message> bind(
            Environment environment,
            Secret secret,
            boolean over,
            Connections connections,
            Granter caller,
            SecretBound wanted,
            long atMicros) {
        Optional<Rejection> refused = mayWrite(environment, caller, atMicros);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (!secret.exists() && secret.template().isEmpty()) {
            return reject(VaultRejection.NO_SUCH_SECRET);
        }
        // Bound anew it would be read again before its keys are destroyed.
        if (over) {
            return reject(VaultRejection.DISCONNECTED);
        }
        if (!connections.has(wanted.getConnector())) {
            return reject(VaultRejection.NOT_CONNECTED);
        }
        boolean same = secret.binding()
                .filter(known -> known.equals(Secret.Binding.of(wanted, known.position())))
                .isPresent();
        return same ? nothing() : events(wanted);
    }

    static Decision<Message> setReaders(
            Environment environment, Secret secret, Granter caller, SecretAccessSet wanted, long atMicros) {
        Optional<Rejection> refused = mayWrite(environment, caller, atMicros);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (!secret.exists()) {
            return reject(VaultRejection.NO_SUCH_SECRET);
        }
        if (!isList(wanted.getReadersList())) {
            return reject(VaultRejection.TOO_MANY_NAMES);
        }
        return secret.readers().equals(wanted.getReadersList()) ? nothing() : events(wanted);
    }

    /** @param rotator whether there may be such a rotator; empty: there may, or none is wanted */
    static Decision<Message> setRotation(
            Environment environment,
            Secret secret,
            Granter caller,
            boolean ownerIsActive,
            Optional<Rejection> rotator,
            SecretRotationSet wanted,
            long atMicros) {
        Optional<Rejection> refused = mayWrite(environment, caller, atMicros);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (secret.template().isPresent()) {
            return reject(VaultRejection.IS_A_TEMPLATE);
        }
        if (!ownerIsActive) {
            return reject(VaultRejection.NO_SUCH_OWNER);
        }
        int longest = longestDays(wanted.getSecretClass());
        boolean wellFormed = Integer.compareUnsigned(wanted.getEveryDays(), longest) <= 0
                && Integer.compareUnsigned(wanted.getWindowHours(), MAX_WINDOW_HOURS) <= 0
                && wanted.getSecretClass() != SecretClass.UNRECOGNIZED;
        if (!wellFormed) {
            return reject(VaultRejection.ROTATION);
        }
        if (rotator.isPresent()) {
            return reject(rotator.get());
        }
        boolean byClass = wanted.getEveryDays() == 0 && wanted.getSecretClass() != SecretClass.SECRET_CLASS_UNSPECIFIED;
        SecretRotationSet set = wanted.toBuilder()
                .setEveryDays(byClass ? longest : wanted.getEveryDays())
                .setGenerated(wanted.getGenerated() || wanted.hasRotator())
                .build();
        if (secret.rotation().equals(set)) {
            return nothing();
        }
        // Another rotator does not make what this one was asked for.
        boolean other = !secret.rotation().getRotator().equals(set.getRotator());
        List<Message> events = new ArrayList<>(List.of(set));
        secret.asked().filter(asked -> other).ifPresent(asked -> events.add(revoked(set.getSecret(), asked)));
        return new Decision.Events<>(events);
    }

    private static int longestDays(SecretClass secretClass) {
        return switch (secretClass) {
            case SECRET_CLASS_HIGH_VALUE -> MAX_DAYS_HIGH_VALUE;
            case SECRET_CLASS_LOW_VALUE -> MAX_DAYS_LOW_VALUE;
            case SECRET_CLASS_UNSPECIFIED, UNRECOGNIZED -> MAX_DAYS;
        };
    }

    static boolean isList(List<String> names) {
        return names.size() <= MAX_NAMES && new HashSet<>(names).size() == names.size();
    }
}
