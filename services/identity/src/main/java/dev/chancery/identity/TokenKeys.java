package dev.chancery.identity;

import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.ReadContext;
import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.RotatingKey;
import dev.chancery.keyring.RotatingKey.Known;
import dev.chancery.keyring.RotatingKey.State;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.ListTokenKeysReply;
import dev.chancery.schema.identity.v1.ListTokenKeysRequest;
import dev.chancery.schema.identity.v1.ListedTokenKey;
import dev.chancery.schema.identity.v1.RotateTokenKeyReply;
import dev.chancery.schema.identity.v1.RotateTokenKeyRequest;
import dev.chancery.schema.identity.v1.TokenKeyRotated;
import dev.chancery.schema.identity.v1.TokenKeyState;
import dev.chancery.schema.identity.v1.TokenKeyWithdrawn;
import dev.chancery.schema.identity.v1.WithdrawTokenKeyReply;
import dev.chancery.schema.identity.v1.WithdrawTokenKeyRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Replaces and withdraws the keys that sign access tokens. The log says what has to happen, and the keys follow: at once, and after a crash
 * at the next start or within {@value KeyRounds#SECONDS} s by another process.
 */
final class TokenKeys {
    private static final Logger LOG = Logger.getLogger(TokenKeys.class);
    private static final StreamId STREAM = StreamId.of("identity", "token-keys");

    /** What the log has of keys, by their ids. */
    private record Changes(Set<String> replaced, Set<String> withdrawn) {
        static final Fold<Changes, StoredEvent> FOLD = new Fold<>() {
            @Override
            public Changes initial() {
                return new Changes(Set.of(), Set.of());
            }

            @Override
            public Changes evolve(Changes state, StoredEvent event) {
                return switch (event.type()) {
                    case "chancery.identity.v1.TokenKeyRotated" ->
                        new Changes(
                                with(
                                        state.replaced(),
                                        EventReading.read(TokenKeyRotated.parser(), event.body())
                                                .getReplacedKeyId()),
                                state.withdrawn());
                    case "chancery.identity.v1.TokenKeyWithdrawn" ->
                        new Changes(
                                state.replaced(),
                                with(
                                        state.withdrawn(),
                                        EventReading.read(TokenKeyWithdrawn.parser(), event.body())
                                                .getKeyId()));
                    default -> state;
                };
            }
        };

        private static Set<String> with(Set<String> some, String more) {
            Set<String> all = new HashSet<>(some);
            all.add(more);
            return Set.copyOf(all);
        }
    }

    /** Appends an event of the installation itself, on a stream as it was read. */
    @FunctionalInterface
    interface Append {
        /** @return why it could not be appended now */
        Optional<Rejection> append(String action, NewEvent event, long version);
    }

    private final RotatingKey key;
    private final Tokens tokens;
    private final Streams streams;
    private final Duration age;
    private final Append append;

    TokenKeys(RotatingKey key, Tokens tokens, Streams streams, Duration age, Append append) {
        this.key = key;
        this.tokens = tokens;
        this.streams = streams;
        this.age = age;
        this.append = append;
    }

    CommandOutcome rotate(CommandContext context, RotateTokenKeyRequest request) {
        context.read(STREAM, Changes.FOLD);
        List<Known> known = key.known();
        return CommandOutcome.done(
                        RotateTokenKeyReply.newBuilder()
                                .setKeyId(id(known.get(1)))
                                .build(),
                        rotated(known))
                .withTarget("token-key", id(known.get(0)))
                .afterwards(this::settle);
    }

    private static NewEvent rotated(List<Known> known) {
        return new NewEvent(
                STREAM,
                TokenKeyRotated.newBuilder()
                        .setReplacedKeyId(id(known.get(0)))
                        .setKeyId(id(known.get(1)))
                        .build());
    }

    CommandOutcome withdraw(CommandContext context, WithdrawTokenKeyRequest request) {
        Changes changes = context.read(STREAM, Changes.FOLD);
        if (changes.withdrawn().contains(request.getKeyId())) {
            return CommandOutcome.already(WithdrawTokenKeyReply.getDefaultInstance());
        }
        if (key.known().stream().noneMatch(known -> id(known).equals(request.getKeyId()))) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_TOKEN_KEY);
        }
        return CommandOutcome.done(
                        WithdrawTokenKeyReply.getDefaultInstance(),
                        new NewEvent(
                                STREAM,
                                TokenKeyWithdrawn.newBuilder()
                                        .setKeyId(request.getKeyId())
                                        .build()))
                .afterwards(this::settle);
    }

    ListTokenKeysReply list(ReadContext context, ListTokenKeysRequest request) {
        var reply = ListTokenKeysReply.newBuilder();
        key.known()
                .forEach(known -> reply.addKeys(ListedTokenKey.newBuilder()
                        .setKeyId(id(known))
                        .setState(
                                switch (known.state()) {
                                    case CURRENT -> TokenKeyState.SIGNS;
                                    case NEXT -> TokenKeyState.NEXT;
                                    case REPLACED -> TokenKeyState.REPLACED;
                                })
                        .setCreatedAtMicros(known.createdAt().toEpochMilli() * 1000)
                        .setVerifiesUntilMicros(known.until()
                                .map(until -> until.toEpochMilli() * 1000)
                                .orElse(0L))));
        return reply.build();
    }

    /** Brings the keys to what the log says; done again it does nothing. */
    void settle() {
        Changes changes =
                streams.current(Principal.INSTANCE, STREAM, Changes.FOLD).state();
        for (Known known : key.known()) {
            if (changes.withdrawn().contains(id(known))) {
                key.withdraw(known.key().keyId());
            } else if (known.state() == State.CURRENT && changes.replaced().contains(id(known))) {
                key.rotate(known.key().keyId());
            }
        }
        tokens.refresh();
    }

    /** What is due; done again it does nothing. */
    void round(Instant now) {
        settle();
        rotateWhenDue(now);
    }

    /** The next key was made when the one that signs began to. */
    void rotateWhenDue(Instant now) {
        Loaded<Changes> changes = streams.current(Principal.INSTANCE, STREAM, Changes.FOLD);
        List<Known> known = key.known();
        if (known.get(1).createdAt().plus(age).isAfter(now)) {
            return;
        }
        append.append("identity.token-key.rotate", rotated(known), changes.version())
                .ifPresentOrElse(why -> LOG.warnf("Token key not replaced yet: code=%s", why.code()), this::settle);
    }

    private static String id(Known known) {
        return String.format(Locale.ROOT, "%08x", known.key().keyId());
    }
}
