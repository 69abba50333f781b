package dev.chancery.identity;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.identity.OrganisationProvisioner.Creation;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import java.util.Optional;

/** An organisation's creation, as it stands in the installation's log. */
final class CreationFold implements Fold<Optional<Creation>, StoredEvent> {
    static final CreationFold FOLD = new CreationFold();

    private CreationFold() {}

    @Override
    public Optional<Creation> initial() {
        return Optional.empty();
    }

    @Override
    public Optional<Creation> evolve(Optional<Creation> state, StoredEvent event) {
        if (!event.type().equals("chancery.identity.v1.OrganisationCreated")) {
            return state;
        }
        try {
            return Optional.of(new Creation(OrganisationCreated.parseFrom(event.body()), event.entryId()));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
    }
}
