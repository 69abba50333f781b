package dev.chancery.vault;

import static dev.chancery.command.CommandOutcome.decided;

import com.google.protobuf.Message;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.OrganisationKeys;
import dev.chancery.keyring.SealerKeys;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.vault.v1.ListOrganisationKeysReply;
import dev.chancery.schema.vault.v1.ListOrganisationKeysRequest;
import dev.chancery.schema.vault.v1.ListSealerKeysReply;
import dev.chancery.schema.vault.v1.ListSealerKeysRequest;
import dev.chancery.schema.vault.v1.OrganisationKey;
import dev.chancery.schema.vault.v1.OrganisationKeyRetired;
import dev.chancery.schema.vault.v1.OrganisationKeyRotated;
import dev.chancery.schema.vault.v1.ResealReply;
import dev.chancery.schema.vault.v1.ResealRequest;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyReply;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RetireSealerKeyReply;
import dev.chancery.schema.vault.v1.RetireSealerKeyRequest;
import dev.chancery.schema.vault.v1.RewrapOrganisationReply;
import dev.chancery.schema.vault.v1.RewrapOrganisationRequest;
import dev.chancery.schema.vault.v1.RotateOrganisationKeyReply;
import dev.chancery.schema.vault.v1.RotateOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RotateSealerKeyReply;
import dev.chancery.schema.vault.v1.RotateSealerKeyRequest;
import dev.chancery.schema.vault.v1.SealerKey;
import dev.chancery.schema.vault.v1.SealerKeyRetired;
import dev.chancery.schema.vault.v1.SealerKeyRotated;
import dev.chancery.schema.vault.v1.SealerRing;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The methods of chancery.vault.v1.KeyService, and the end of the versions of the sealer's rings that were retired: when the horizon of erasures has
 * passed since, or at once where one is compromised.
 *
 * <p>The intent of each command is durable before anything. A version is there before the log says so, and one that wraps nothing is retired, or
 * destroyed, before: whatever then is not recorded is found when the command is repeated. What the log says is destroyed, and a restored database or key
 * file has brought back, is destroyed again.
 */
final class KeyMethods implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(KeyMethods.class);
    private static final String SERVICE = "chancery.vault.v1.KeyService/";
    private static final long INTERVAL_MILLIS = 30_000;
    /** What records of these methods are about. */
    private static final String ORGANISATION_KEY = "organisation-key";

    private static final String SEALER_KEY = "sealer-key";

    private final OrganisationKeys organisations;
    /** In the order in which they are listed. */
    private final Map<SealerRing, Ring> rings = new EnumMap<>(SealerRing.class);

    private final Streams streams;
    private final Duration horizon;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("sealer-key-destructions").factory());

    /**
     * A ring of the sealer's.
     *
     * @param name in the targets of records
     * @param asked what was asked of it, in the installation's own log
     */
    private record Ring(String name, SealerKeys seals, StreamId asked) {
        String target(int version) {
            return name + "-" + version;
        }
    }

    /** @param horizon how long the rings' retired versions stay, as those do that erasures replace */
    KeyMethods(Keyring keyring, Streams streams, Duration horizon) {
        this.organisations = keyring.organisations();
        rings.put(
                SealerRing.SEALER_RING_ORGANISATIONS,
                new Ring("organisations", keyring.seals(), KeyTurns.ORGANISATIONS_RING));
        rings.put(
                SealerRing.SEALER_RING_INSTALLATION,
                new Ring("installation", keyring.installationSeals(), KeyTurns.INSTALLATION_RING));
        this.streams = streams;
        this.horizon = horizon;
    }

    /** A request names one that there is: the contract sees to that. */
    private Ring ring(SealerRing named) {
        return Objects.requireNonNull(rings.get(named));
    }

    void register(Methods methods) {
        methods.command(
                        SERVICE + "RotateOrganisationKey",
                        RotateOrganisationKeyRequest.class,
                        this::rotateOrganisationKey)
                .command(SERVICE + "RewrapOrganisation", RewrapOrganisationRequest.class, this::rewrapOrganisation)
                .command(
                        SERVICE + "RetireOrganisationKey",
                        RetireOrganisationKeyRequest.class,
                        this::retireOrganisationKey)
                .query(SERVICE + "ListOrganisationKeys", ListOrganisationKeysRequest.class, this::listOrganisationKeys)
                .command(SERVICE + "RotateSealerKey", RotateSealerKeyRequest.class, this::rotateSealerKey)
                .command(SERVICE + "Reseal", ResealRequest.class, this::reseal)
                .command(SERVICE + "RetireSealerKey", RetireSealerKeyRequest.class, this::retireSealerKey)
                .query(SERVICE + "ListSealerKeys", ListSealerKeysRequest.class, this::listSealerKeys);
    }

    private CommandOutcome rotateOrganisationKey(CommandContext context, RotateOrganisationKeyRequest request) {
        KeyTurns turns = context.read(KeyTurns.ORGANISATION, KeyTurns.FOLD);
        OptionalInt made = organisations.rotate(context.tenant(), turns.rotated());
        if (made.isEmpty()) {
            return CommandOutcome.reject(VaultRejection.TOO_MANY_KEYS);
        }
        int version = made.getAsInt();
        return CommandOutcome.done(
                        RotateOrganisationKeyReply.newBuilder()
                                .setKeyVersion(version)
                                .build(),
                        new NewEvent(
                                KeyTurns.ORGANISATION,
                                OrganisationKeyRotated.newBuilder()
                                        .setKeyVersion(version)
                                        .build()))
                .withTarget(ORGANISATION_KEY, Integer.toString(version));
    }

    private CommandOutcome rewrapOrganisation(CommandContext context, RewrapOrganisationRequest request) {
        OptionalInt atMost = VaultService.atMost(request.getAtMost());
        if (atMost.isEmpty()) {
            return CommandOutcome.reject(VaultRejection.AT_MOST);
        }
        int rewrapped = organisations.rewrap(context.tenant(), atMost.getAsInt());
        long left = organisations.census(context.tenant()).stream()
                .filter(key -> !key.current())
                .mapToLong(OrganisationKeys.Version::wraps)
                .sum();
        return CommandOutcome.done(RewrapOrganisationReply.newBuilder()
                .setRewrapped(rewrapped)
                .setLeft(left)
                .build());
    }

    private CommandOutcome retireOrganisationKey(CommandContext context, RetireOrganisationKeyRequest request) {
        int version = request.getKeyVersion();
        KeyTurns turns = context.read(KeyTurns.ORGANISATION, KeyTurns.FOLD);
        Decision<Message> decision = KeyTurns.retire(
                version,
                organisations.census(context.tenant()).getLast().version(),
                turns.retired(),
                OrganisationKeyRetired.newBuilder().setKeyVersion(version).build());
        // Where the log has it already, too: a restored database may have brought it back.
        if (!(decision instanceof Decision.Rejected<Message>) && !organisations.retire(context.tenant(), version)) {
            return CommandOutcome.reject(VaultRejection.KEY_IN_USE);
        }
        return targeted(
                ORGANISATION_KEY,
                Integer.toString(version),
                decided(KeyTurns.ORGANISATION, decision, events -> RetireOrganisationKeyReply.getDefaultInstance()));
    }

    private static CommandOutcome targeted(String type, String id, CommandOutcome outcome) {
        return outcome instanceof CommandOutcome.Done done ? done.withTarget(type, id) : outcome;
    }

    private ListOrganisationKeysReply listOrganisationKeys(ReadContext context, ListOrganisationKeysRequest request) {
        var reply = ListOrganisationKeysReply.newBuilder();
        organisations
                .census(context.tenant())
                .forEach(key -> reply.addKeys(OrganisationKey.newBuilder()
                        .setKeyVersion(key.version())
                        .setCurrent(key.current())
                        .setMadeAtMillis(key.madeAt().toEpochMilli())
                        .setWraps(key.wraps())));
        return reply.build();
    }

    private CommandOutcome rotateSealerKey(CommandContext context, RotateSealerKeyRequest request) {
        Ring ring = ring(request.getRing());
        KeyTurns turns = context.read(ring.asked(), KeyTurns.FOLD);
        OptionalInt made = ring.seals().rotate(turns.rotated());
        if (made.isEmpty()) {
            return CommandOutcome.reject(VaultRejection.TOO_MANY_KEYS);
        }
        int version = made.getAsInt();
        return CommandOutcome.done(
                        RotateSealerKeyReply.newBuilder()
                                .setRingVersion(version)
                                .build(),
                        new NewEvent(
                                ring.asked(),
                                SealerKeyRotated.newBuilder()
                                        .setRingVersion(version)
                                        .setRing(request.getRing())
                                        .build()))
                .withTarget(SEALER_KEY, ring.target(version));
    }

    private CommandOutcome reseal(CommandContext context, ResealRequest request) {
        OptionalInt atMost = VaultService.atMost(request.getAtMost());
        if (atMost.isEmpty()) {
            return CommandOutcome.reject(VaultRejection.AT_MOST);
        }
        Ring ring = ring(request.getRing());
        int resealed = ring.seals().reseal(atMost.getAsInt());
        long left = ring.seals().census().stream()
                .filter(key -> !key.newest())
                .mapToLong(SealerKeys.Version::seals)
                .sum();
        return CommandOutcome.done(ResealReply.newBuilder()
                        .setResealed(resealed)
                        .setLeft(left)
                        .build())
                .withTarget(SEALER_KEY, ring.name());
    }

    private CommandOutcome retireSealerKey(CommandContext context, RetireSealerKeyRequest request) {
        Ring ring = ring(request.getRing());
        int version = request.getRingVersion();
        KeyTurns turns = context.read(ring.asked(), KeyTurns.FOLD);
        Decision<Message> decision = KeyTurns.retire(
                version,
                ring.seals().census().getLast().version(),
                request.getCompromised() ? turns.compromised() : turns.retired(),
                SealerKeyRetired.newBuilder()
                        .setRingVersion(version)
                        .setCompromised(request.getCompromised())
                        .setRing(request.getRing())
                        .build());
        if (!(decision instanceof Decision.Rejected<Message>)) {
            if (!ring.seals().retire(version)) {
                return CommandOutcome.reject(VaultRejection.KEY_IN_USE);
            }
            if (request.getCompromised()) {
                // No answer says that it is gone while it is not: where the ring can't be changed, this fails.
                ring.seals().destroyThrough(version);
            }
        }
        return targeted(
                SEALER_KEY,
                ring.target(version),
                decided(ring.asked(), decision, events -> RetireSealerKeyReply.getDefaultInstance()));
    }

    ListSealerKeysReply listSealerKeys(ReadContext context, ListSealerKeysRequest request) {
        var reply = ListSealerKeysReply.newBuilder();
        rings.forEach((named, ring) -> ring.seals()
                .census()
                .forEach(key -> reply.addKeys(SealerKey.newBuilder()
                        .setRing(named)
                        .setRingVersion(key.version())
                        .setNewest(key.newest())
                        .setMadeAtMillis(key.madeAt().map(Instant::toEpochMilli).orElse(0L))
                        .setRetiredAtMillis(
                                key.retiredAt().map(Instant::toEpochMilli).orElse(0L))
                        .setSeals(key.seals()))));
        return reply.build();
    }

    private void destroyCompromised(Ring ring) {
        int compromised = streams.current(Principal.INSTANCE, ring.asked(), KeyTurns.FOLD)
                .state()
                .compromised();
        if (compromised > 0) {
            ring.seals().destroyThrough(compromised);
        }
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    void round() {
        rings.values().forEach(ring -> {
            tried(ring, () -> destroyCompromised(ring));
            tried(ring, () -> ring.seals().destroyRetired(horizon));
        });
    }

    private static void tried(Ring ring, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("Retired versions of a sealer's ring not destroyed, trying on: ring=%s cause=%s", ring.name(), e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
