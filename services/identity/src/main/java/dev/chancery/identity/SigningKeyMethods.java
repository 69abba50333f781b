package dev.chancery.identity;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.keyring.SigningKeyRotation.Known;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.ListSigningKeysReply;
import dev.chancery.schema.identity.v1.ListSigningKeysRequest;
import dev.chancery.schema.identity.v1.ListedSigningKey;
import dev.chancery.schema.identity.v1.RotateSigningKeysReply;
import dev.chancery.schema.identity.v1.RotateSigningKeysRequest;
import dev.chancery.schema.identity.v1.SigningKeyState;
import dev.chancery.schema.identity.v1.SigningKeyWithdrawn;
import dev.chancery.schema.identity.v1.SigningKeysRotated;
import dev.chancery.schema.identity.v1.WithdrawSigningKeyReply;
import dev.chancery.schema.identity.v1.WithdrawSigningKeyRequest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Replaces and withdraws the keys that sign records, statements and checkpoints. The log says what has to happen. This process, which may say so
 * of every public half, follows it at once, and after a crash at the next start or within {@value KeyRounds#SECONDS} s; whoever holds the
 * private half follows that within seconds.
 */
final class SigningKeyMethods {
    private static final StreamId STREAM = StreamId.of("identity", "signing-keys");

    private record Withdrawn(String name, int keyId) {}

    /** @param rotated by a key's name or a kind: those that were made before this moment are replaced */
    private record Changes(Map<String, Long> rotated, Set<Withdrawn> withdrawn) {
        static final Fold<Changes, StoredEvent> FOLD = new Fold<>() {
            @Override
            public Changes initial() {
                return new Changes(Map.of(), Set.of());
            }

            @Override
            public Changes evolve(Changes state, StoredEvent event) {
                return switch (event.type()) {
                    case "chancery.identity.v1.SigningKeysRotated" ->
                        state.with(EventReading.read(SigningKeysRotated.parser(), event.body()));
                    case "chancery.identity.v1.SigningKeyWithdrawn" ->
                        state.with(EventReading.read(SigningKeyWithdrawn.parser(), event.body()));
                    default -> state;
                };
            }
        };

        private Changes with(SigningKeysRotated event) {
            Map<String, Long> more = new HashMap<>(rotated);
            more.merge(event.getKeys(), event.getMadeBeforeMicros(), Math::max);
            return new Changes(Map.copyOf(more), withdrawn);
        }

        private Changes with(SigningKeyWithdrawn event) {
            Set<Withdrawn> more = new HashSet<>(withdrawn);
            more.add(new Withdrawn(event.getName(), keyId(event.getKeyId())));
            return new Changes(rotated, Set.copyOf(more));
        }
    }

    private final SigningKeyRotation keys;
    private final Streams streams;

    SigningKeyMethods(SigningKeyRotation keys, Streams streams) {
        this.keys = keys;
        this.streams = streams;
    }

    CommandOutcome rotate(CommandContext context, RotateSigningKeysRequest request) {
        context.read(STREAM, Changes.FOLD);
        int signing = keys.signing(request.getKeys(), context.atMicros());
        if (signing == 0) {
            // None signs where their holder has not made the next yet.
            return keys.known(request.getKeys(), "", 0, 1).isEmpty()
                    ? CommandOutcome.reject(IdentityRejection.NO_SUCH_SIGNING_KEY)
                    : CommandOutcome.already(RotateSigningKeysReply.getDefaultInstance());
        }
        return CommandOutcome.done(
                        RotateSigningKeysReply.newBuilder().setKeys(signing).build(),
                        new NewEvent(
                                STREAM,
                                SigningKeysRotated.newBuilder()
                                        .setKeys(request.getKeys())
                                        .setMadeBeforeMicros(context.atMicros())
                                        .build()))
                .withTarget("signing-key", request.getKeys().replace('/', ':'))
                .afterwards(this::settle);
    }

    CommandOutcome withdraw(CommandContext context, WithdrawSigningKeyRequest request) {
        Changes changes = context.read(STREAM, Changes.FOLD);
        int keyId = keyId(request.getKeyId());
        if (keys.find(request.getName(), keyId).isEmpty()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_SIGNING_KEY);
        }
        // Before the event, after the intent: no answer says that a key is withdrawn while it is not, whatever fails
        // here.
        keys.withdraw(request.getName(), keyId);
        if (changes.withdrawn().contains(new Withdrawn(request.getName(), keyId))) {
            return CommandOutcome.already(WithdrawSigningKeyReply.getDefaultInstance());
        }
        return CommandOutcome.done(
                        WithdrawSigningKeyReply.getDefaultInstance(),
                        new NewEvent(
                                STREAM,
                                SigningKeyWithdrawn.newBuilder()
                                        .setName(request.getName())
                                        .setKeyId(request.getKeyId())
                                        .build()))
                .afterwards(this::settle);
    }

    ListSigningKeysReply list(ReadContext context, ListSigningKeysRequest request) throws RefusedException {
        int size = Directory.pageSize(request.getPageSize());
        String page = request.getPage();
        int end = page.lastIndexOf(':');
        List<Known> known = keys.known(
                request.getKeys(),
                page.substring(0, Math.max(0, end)),
                page.isEmpty() ? Integer.MIN_VALUE : keyId(page.substring(end + 1)),
                size + 1);
        var reply = ListSigningKeysReply.newBuilder();
        known.stream().limit(size).map(SigningKeyMethods::listed).forEach(reply::addKeys);
        if (known.size() > size) {
            ListedSigningKey last = reply.getKeys(size - 1);
            reply.setNextPage(last.getName() + ":" + last.getKeyId());
        }
        return reply.build();
    }

    private static ListedSigningKey listed(Known known) {
        return ListedSigningKey.newBuilder()
                .setName(known.key().name())
                .setKeyId(String.format(Locale.ROOT, "%08x", known.key().keyId()))
                .setState(
                        switch (known.state()) {
                            case SIGNS -> SigningKeyState.SIGNING;
                            case REPLACED -> SigningKeyState.SIGNED;
                            case WITHDRAWN -> SigningKeyState.WITHDRAWN;
                        })
                .setCreatedAtMicros(micros(known.createdAt()))
                .setUntilMicros(known.until().map(SigningKeyMethods::micros).orElse(0L))
                .setVerifierKey(known.key().vkey())
                .build();
    }

    private static long micros(Instant at) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, at);
    }

    private static int keyId(String hex) {
        return Integer.parseUnsignedInt(hex, 16);
    }

    /** Brings the keys to what the log says; done again it does nothing. */
    void settle() {
        Changes changes =
                streams.current(Principal.INSTANCE, STREAM, Changes.FOLD).state();
        for (Withdrawn key : changes.withdrawn()) {
            // One that can't be withdrawn now keeps no other from it.
            KeyRounds.tried(() -> keys.withdraw(key.name(), key.keyId()));
        }
        changes.rotated().forEach(keys::replace);
        keys.settle(DatabaseRole.KEYRING);
    }
}
