package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.vault.v1.CredentialTemplateSet;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretBound;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionDeprecated;
import dev.chancery.schema.vault.v1.SecretVersionDestroyed;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.schema.vault.v1.SecretVersionWithdrawn;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A secret. What it holds of values is sealed.
 *
 * @param versions all there ever were, by number
 * @param readers principals by id, roles by name; empty: whoever may read in the environment
 * @param rotation its default where none was set
 * @param template of credentials that have this name; there is no secret of the name then
 * @param leak the last one
 * @param binding to the connector that it ends with
 */
record Secret(
        SortedMap<Integer, Version> versions,
        List<String> readers,
        SecretRotationSet rotation,
        Optional<CredentialTemplateSet> template,
        Leak leak,
        Optional<Binding> binding) {
    /**
     * @param state ENDED for one that is DEPRECATED follows from the time alone
     * @param untilMicros until when it is read, once it is deprecated, and before that, when it ends by itself; 0: no end is known
     * @param value dropped once it is never read again
     * @param issue where a rotator made it, or is to make it
     */
    record Version(SecretVersionState state, long untilMicros, Optional<Sealed> value, Optional<Issue> issue) {
        boolean isReadable(long atMicros) {
            return state == SecretVersionState.SECRET_VERSION_STATE_CURRENT
                    || (state == SecretVersionState.SECRET_VERSION_STATE_DEPRECATED
                            && (untilMicros == 0 || atMicros < untilMicros));
        }

        boolean isDestroyed() {
            return state == SecretVersionState.SECRET_VERSION_STATE_DESTROYED;
        }

        boolean isAsked() {
            return state == SecretVersionState.SECRET_VERSION_STATE_ASKED;
        }

        /** What its rotator is to take back; empty: nothing, or not yet. */
        Optional<SecretVersionAsked> toWithdraw(long atMicros) {
            return isAsked() || isReadable(atMicros)
                    ? Optional.empty()
                    : issue.filter(made -> !made.withdrawn()).map(Issue::asked);
        }
    }

    /**
     * @param withdrawn the rotator takes it no more
     * @param token where it is told to take back by the value itself
     */
    record Issue(SecretVersionAsked asked, boolean withdrawn, Optional<Token> token) {
        Issue(SecretVersionAsked asked) {
            this(asked, false, Optional.empty());
        }

        private Issue written(SecretVersionWritten written) {
            return asked.getRotator().hasOauthRefresh()
                    ? new Issue(
                            asked, withdrawn, Optional.of(new Token(written.getValue(), written.getExpiresMicros())))
                    : this;
        }

        private Issue takenBack() {
            return new Issue(asked, true, Optional.empty());
        }
    }

    /** @param expiresMicros 0: it does not end */
    record Token(Sealed value, long expiresMicros) {}

    private record RoleOf(String database, String role) {}

    /** A version's number and value. */
    record Numbered(int number, Sealed value) {}

    /**
     * @param position of the record that said so; -1: none did
     * @param current what was current then, while there is nothing newer
     */
    record Leak(long position, Optional<Numbered> current) {
        static final Leak NONE = new Leak(-1, Optional.empty());
    }

    /** @param position of the record that bound it */
    record Binding(String workspace, String connector, long position) {
        static Binding of(SecretBound bound, long position) {
            return new Binding(bound.getWorkspaceId(), bound.getConnector(), position);
        }
    }

    static final Fold<Secret, LogEvent> FOLD = new Fold<>() {
        @Override
        public Secret initial() {
            return new Secret(
                    new TreeMap<>(),
                    List.of(),
                    SecretRotationSet.getDefaultInstance(),
                    Optional.empty(),
                    Leak.NONE,
                    Optional.empty());
        }

        @Override
        public Secret evolve(Secret state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.vault.v1.SecretVersionAsked" -> {
                    var asked = EventReading.read(SecretVersionAsked.parser(), event.body());
                    yield state.with(
                            asked.getSecretVersion(),
                            new Version(
                                    SecretVersionState.SECRET_VERSION_STATE_ASKED,
                                    0,
                                    Optional.empty(),
                                    Optional.of(new Issue(asked))));
                }
                case "chancery.vault.v1.SecretVersionWritten" -> {
                    var written = EventReading.read(SecretVersionWritten.parser(), event.body());
                    yield state.with(
                            written.getSecretVersion(),
                            new Version(
                                    SecretVersionState.SECRET_VERSION_STATE_CURRENT,
                                    written.getExpiresMicros(),
                                    Optional.of(written.getValue()),
                                    state.version(written.getSecretVersion())
                                            .flatMap(Version::issue)
                                            .map(issue -> issue.written(written))));
                }
                case "chancery.vault.v1.SecretVersionWithdrawn" -> {
                    int number = EventReading.read(SecretVersionWithdrawn.parser(), event.body())
                            .getSecretVersion();
                    Version before = state.version(number).orElseThrow();
                    yield state.with(
                            number,
                            new Version(
                                    before.state(),
                                    before.untilMicros(),
                                    before.value(),
                                    before.issue().map(Issue::takenBack)));
                }
                case "chancery.vault.v1.SecretVersionDeprecated" -> {
                    var deprecated = EventReading.read(SecretVersionDeprecated.parser(), event.body());
                    Version before =
                            state.version(deprecated.getSecretVersion()).orElseThrow();
                    yield state.with(
                            deprecated.getSecretVersion(),
                            new Version(
                                    SecretVersionState.SECRET_VERSION_STATE_DEPRECATED,
                                    deprecated.getUntilMicros(),
                                    before.value(),
                                    before.issue()));
                }
                case "chancery.vault.v1.SecretVersionRevoked" ->
                    state.ended(
                            EventReading.read(SecretVersionRevoked.parser(), event.body())
                                    .getSecretVersion(),
                            SecretVersionState.SECRET_VERSION_STATE_REVOKED);
                case "chancery.vault.v1.SecretVersionDestroyed" ->
                    state.ended(
                            EventReading.read(SecretVersionDestroyed.parser(), event.body())
                                    .getSecretVersion(),
                            SecretVersionState.SECRET_VERSION_STATE_DESTROYED);
                case "chancery.vault.v1.SecretAccessSet" ->
                    new Secret(
                            state.versions(),
                            EventReading.read(SecretAccessSet.parser(), event.body())
                                    .getReadersList(),
                            state.rotation(),
                            state.template(),
                            state.leak(),
                            state.binding());
                case "chancery.vault.v1.SecretRotationSet" ->
                    new Secret(
                            state.versions(),
                            state.readers(),
                            EventReading.read(SecretRotationSet.parser(), event.body()),
                            state.template(),
                            state.leak(),
                            state.binding());
                case "chancery.vault.v1.CredentialTemplateSet" ->
                    new Secret(
                            state.versions(),
                            state.readers(),
                            state.rotation(),
                            Optional.of(EventReading.read(CredentialTemplateSet.parser(), event.body())),
                            state.leak(),
                            state.binding());
                case "chancery.vault.v1.SecretLeaked" ->
                    new Secret(
                            state.versions(),
                            state.readers(),
                            state.rotation(),
                            state.template(),
                            new Leak(event.position(), state.forVault()),
                            state.binding());
                case "chancery.vault.v1.SecretBound" ->
                    new Secret(
                            state.versions(),
                            state.readers(),
                            state.rotation(),
                            state.template(),
                            state.leak(),
                            Optional.of(Binding.of(
                                    EventReading.read(SecretBound.parser(), event.body()), event.position())));
                case "chancery.vault.v1.BoundSecretDestroyed" -> state.destroyed();
                default -> state;
            };
        }
    };

    Secret {
        versions = Collections.unmodifiableSortedMap(versions);
        readers = List.copyOf(readers);
    }

    /** Whether there is anything of it. */
    boolean exists() {
        return !versions.isEmpty() || !rotation.getOwnerId().isEmpty();
    }

    Optional<Version> version(int number) {
        return Optional.ofNullable(versions.get(number));
    }

    int newest() {
        return versions.isEmpty() ? 0 : versions.lastKey();
    }

    /** The version that a rotator is to make. */
    Optional<Integer> asked() {
        return versions.entrySet().stream()
                .filter(entry -> entry.getValue().isAsked())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** Whether two versions are passwords of the same role of a database. */
    boolean sharesRole(int one, int other) {
        return place(one).filter(role -> Optional.of(role).equals(place(other))).isPresent();
    }

    private Optional<RoleOf> place(int number) {
        return version(number)
                .flatMap(Version::issue)
                .map(Issue::asked)
                .filter(asked -> !asked.getRoleName().isEmpty())
                .map(asked -> new RoleOf(asked.getRotator().getPostgresRole().getDatabase(), asked.getRoleName()));
    }

    /** The version that is read without a number. */
    Optional<Integer> current() {
        return versions.entrySet().stream()
                .filter(entry -> entry.getValue().state() == SecretVersionState.SECRET_VERSION_STATE_CURRENT)
                .map(Map.Entry::getKey)
                .reduce((older, newer) -> newer);
    }

    /**
     * By what the vault itself signs in somewhere: the current version; after a leak, and until there is a new one, what leaked, so that it can
     * still take away what it has made there.
     */
    Optional<Numbered> forVault() {
        return current()
                .flatMap(number -> Optional.ofNullable(versions.get(number))
                        .flatMap(Version::value)
                        .map(value -> new Numbered(number, value)))
                .or(leak::current);
    }

    private Secret with(int number, Version version) {
        var changed = new TreeMap<>(versions);
        changed.put(number, version);
        // What is destroyed opens nothing, and what leaked gives way to what is new.
        boolean ends = version.state() == SecretVersionState.SECRET_VERSION_STATE_CURRENT
                || (version.state() == SecretVersionState.SECRET_VERSION_STATE_DESTROYED
                        && leak.current()
                                .filter(leaked -> leaked.number() == number)
                                .isPresent());
        return new Secret(
                changed,
                readers,
                rotation,
                template,
                ends ? new Leak(leak.position(), Optional.empty()) : leak,
                binding);
    }

    private Secret ended(int number, SecretVersionState how) {
        return with(
                number, new Version(how, 0, Optional.empty(), version(number).flatMap(Version::issue)));
    }

    private Secret destroyed() {
        var ended = new TreeMap<Integer, Version>();
        versions.forEach((number, version) -> ended.put(
                number,
                new Version(SecretVersionState.SECRET_VERSION_STATE_DESTROYED, 0, Optional.empty(), version.issue())));
        return new Secret(
                ended,
                readers,
                rotation,
                Optional.empty(),
                new Leak(leak.position(), Optional.empty()),
                Optional.empty());
    }
}
