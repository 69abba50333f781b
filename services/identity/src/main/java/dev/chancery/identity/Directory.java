package dev.chancery.identity;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.identity.OrganisationProvisioner.Creation;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.LogCreation;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.ListOrganisationsReply;
import dev.chancery.schema.identity.v1.ListOrganisationsRequest;
import dev.chancery.schema.identity.v1.ListPrincipalsReply;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.ListWorkspacesReply;
import dev.chancery.schema.identity.v1.ListWorkspacesRequest;
import dev.chancery.schema.identity.v1.ListedOrganisation;
import dev.chancery.schema.identity.v1.ListedPrincipal;
import dev.chancery.schema.identity.v1.ListedWorkspace;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Who and what there is, with names: read from the log itself, a page of streams at a time, in the order of their ids, which is that of
 * their creation. A name whose key was destroyed is empty.
 */
final class Directory {
    static final int MAX_PAGE = 200;
    private static final int DEFAULT_PAGE = 100;

    private static final Fold<Optional<SealedValue>, StoredEvent> WORKSPACE_NAME = new Fold<>() {
        @Override
        public Optional<SealedValue> initial() {
            return Optional.empty();
        }

        @Override
        public Optional<SealedValue> evolve(Optional<SealedValue> state, StoredEvent event) {
            if (!event.type().equals("chancery.identity.v1.WorkspaceCreated")) {
                return state;
            }
            try {
                return Optional.of(new SealedValue(
                        WorkspaceCreated.parseFrom(event.body()).getName(), event.entryId(), event.type(), "name"));
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("an event in the log does not parse", e);
            }
        }
    };

    private final LogCreation logs;
    private final Streams streams;
    private final Keyring keyring;

    Directory(LogCreation logs, Streams streams, Keyring keyring) {
        this.logs = logs;
        this.streams = streams;
        this.keyring = keyring;
    }

    ListPrincipalsReply principals(ReadContext context, ListPrincipalsRequest request) throws RefusedException {
        var reply = ListPrincipalsReply.newBuilder();
        page(context, "identity/principal/", request.getPageSize(), request.getPage(), (id, stream) -> {
                    Account account = now(context, stream, Account.FOLD);
                    reply.addPrincipals(ListedPrincipal.newBuilder()
                            .setPrincipalId(id)
                            .setClientId(Principals.clientId(context.tenant(), id))
                            .setType(account.type())
                            .setActive(account.active())
                            .setDisplayName(text(context, account.displayName()))
                            .setEmail(text(context, account.email()))
                            .setExternalName(text(context, account.externalName())));
                })
                .ifPresent(reply::setNextPage);
        return reply.build();
    }

    ListWorkspacesReply workspaces(ReadContext context, ListWorkspacesRequest request) throws RefusedException {
        var reply = ListWorkspacesReply.newBuilder();
        page(
                        context,
                        "identity/workspace/",
                        request.getPageSize(),
                        request.getPage(),
                        (id, stream) -> reply.addWorkspaces(ListedWorkspace.newBuilder()
                                .setWorkspaceId(id)
                                .setName(text(context, now(context, stream, WORKSPACE_NAME)))))
                .ifPresent(reply::setNextPage);
        return reply.build();
    }

    ListOrganisationsReply organisations(ReadContext context, ListOrganisationsRequest request)
            throws RefusedException {
        var reply = ListOrganisationsReply.newBuilder();
        String type = OrganisationCreated.getDescriptor().getFullName();
        page(context, "identity/organisation/", request.getPageSize(), request.getPage(), (id, stream) -> {
                    Creation creation = now(context, stream, CreationFold.FOLD).orElseThrow();
                    reply.addOrganisations(ListedOrganisation.newBuilder()
                            .setOrganisationId(id)
                            .setName(text(
                                    context,
                                    Optional.of(new SealedValue(
                                            creation.event().getName(), creation.entryId(), type, "name"))))
                            .setAdministratorId(creation.event().getAdministratorId()));
                })
                .ifPresent(reply::setNextPage);
        return reply.build();
    }

    private <S> S now(ReadContext context, StreamId stream, Fold<S, ? super StoredEvent> fold) {
        return streams.current(context.tenant(), stream, fold).state();
    }

    private String text(ReadContext context, Optional<SealedValue> value) {
        return value.map(name -> name.open(keyring, context.tenant())).orElse("");
    }

    /** @param asked 0: as many as are usual */
    static int pageSize(int asked) throws RefusedException {
        if (Integer.compareUnsigned(asked, MAX_PAGE) > 0) {
            throw new RefusedException(IdentityRejection.PAGE_SIZE);
        }
        return asked == 0 ? DEFAULT_PAGE : asked;
    }

    /** @return the next page's name; empty where this one is the last */
    private Optional<String> page(
            ReadContext context, String prefix, int asked, String after, BiConsumer<String, StreamId> each)
            throws RefusedException {
        int size = pageSize(asked);
        List<String> found = logs.streams(context.tenant(), prefix, prefix + after, size + 1);
        for (String stream : found.subList(0, Math.min(size, found.size()))) {
            each.accept(stream.substring(prefix.length()), new StreamId(stream));
        }
        return found.size() > size ? Optional.of(found.get(size - 1).substring(prefix.length())) : Optional.empty();
    }
}
