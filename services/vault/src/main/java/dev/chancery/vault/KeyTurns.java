package dev.chancery.vault;

import com.google.protobuf.Message;
import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.vault.v1.OrganisationKeyRetired;
import dev.chancery.schema.vault.v1.OrganisationKeyRotated;
import dev.chancery.schema.vault.v1.SealerKeyRetired;
import dev.chancery.schema.vault.v1.SealerKeyRotated;

/**
 * What was asked of a key above others: the organisation's, or a ring of the sealer's. Erasures turn the organisation's and the ring above it, too, so
 * that there are versions that it does not know.
 *
 * @param rotated the newest version that was asked for; 0: none was
 * @param retired it and older ones are retired; 0: none is
 * @param compromised it and older ones are to be gone at once; 0: none is
 */
record KeyTurns(int rotated, int retired, int compromised) {
    static final StreamId ORGANISATION = StreamId.of("vault", "organisation-key");
    /** In the installation's own log, as the one below: the ring that seals organisations' keys. */
    static final StreamId ORGANISATIONS_RING = StreamId.of("vault", "sealer-key");
    /** The ring that seals keys that sign, and environments' keys. */
    static final StreamId INSTALLATION_RING = StreamId.of("vault", "installation-key");

    static final Fold<KeyTurns, LogEvent> FOLD = new Fold<>() {
        @Override
        public KeyTurns initial() {
            return new KeyTurns(0, 0, 0);
        }

        @Override
        public KeyTurns evolve(KeyTurns state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.vault.v1.OrganisationKeyRotated" ->
                    state.rotatedTo(EventReading.read(OrganisationKeyRotated.parser(), event.body())
                            .getKeyVersion());
                case "chancery.vault.v1.OrganisationKeyRetired" ->
                    state.retiredThrough(
                            EventReading.read(OrganisationKeyRetired.parser(), event.body())
                                    .getKeyVersion(),
                            false);
                case "chancery.vault.v1.SealerKeyRotated" ->
                    state.rotatedTo(EventReading.read(SealerKeyRotated.parser(), event.body())
                            .getRingVersion());
                case "chancery.vault.v1.SealerKeyRetired" -> {
                    var retired = EventReading.read(SealerKeyRetired.parser(), event.body());
                    yield state.retiredThrough(retired.getRingVersion(), retired.getCompromised());
                }
                default -> state;
            };
        }
    };

    private KeyTurns rotatedTo(int version) {
        return new KeyTurns(version, retired, compromised);
    }

    private KeyTurns retiredThrough(int version, boolean destroyed) {
        return new KeyTurns(
                rotated, Math.max(retired, version), destroyed ? Math.max(compromised, version) : compromised);
    }

    /**
     * Whether a version may be retired, as far as its number says.
     *
     * @param newest the version that wraps now
     * @param retired what says so; {@code before} is the newest version of which it was said
     */
    static Decision<Message> retire(int version, int newest, int before, Message retired) {
        if (version < 1 || version > newest) {
            return Decision.reject(VaultRejection.NO_SUCH_KEY);
        }
        if (version == newest) {
            return Decision.reject(VaultRejection.KEY_IN_USE);
        }
        return version <= before ? Decision.nothing() : Decision.events(retired);
    }
}
