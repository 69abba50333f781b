package dev.chancery.identity;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.FirstGrant;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.Opened;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.LogCreation;
import dev.chancery.log.LogRejection;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractCapability;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.InstanceFounded;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimRenewed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import dev.chancery.schema.options.v1.RetentionClass;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Begins logs: the installation's own, and each organisation's once an operator's command has named it. Every step can be repeated,
 * by several processes at once, and whatever one left half done another finishes.
 */
final class OrganisationProvisioner {
    private static final Logger LOG = Logger.getLogger(OrganisationProvisioner.class);
    private static final int PAGE = 500;

    /** How long a start waits for the relay. */
    private static final Duration START = Duration.ofSeconds(90);

    private static final Duration RETRY = Duration.ofSeconds(1);

    private final LogCreation founding;
    private final Appender appender;
    private final Streams streams;
    private final Keyring keyring;
    private final Contract contract;

    OrganisationProvisioner(
            LogCreation founding, Appender appender, Streams streams, Keyring keyring, Contract contract) {
        this.founding = founding;
        this.appender = appender;
        this.streams = streams;
        this.keyring = keyring;
        this.contract = contract;
    }

    /** Begins the installation's log where it has not begun. */
    void foundInstance(Supplier<ByteString> claimHash) {
        if (founding.size(Principal.INSTANCE) > 0) {
            return;
        }
        founding.begin(Principal.INSTANCE);
        untilTaken("begin the installation's log", () -> appended(
                        Principal.INSTANCE,
                        Ids.uuidV7(),
                        "identity.instance.found",
                        List.of(
                                new NewEvent(
                                        AuthorityStreams.foundation(Principal.INSTANCE),
                                        InstanceFounded.newBuilder()
                                                .setClaimHash(claimHash.get())
                                                .build()),
                                adoption(Principal.INSTANCE)),
                        Map.of())
                // Another process was faster.
                .filter(refused -> founding.size(Principal.INSTANCE) == 0));
    }

    /** Nothing is appended before the relay, often another process, has found PostgreSQL and Kafka in step. */
    private static void untilTaken(String what, Supplier<Optional<Rejection>> attempt) {
        long deadline = System.nanoTime() + START.toNanos();
        Optional<Rejection> refused = attempt.get();
        while (refused.isPresent()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException(
                        "can't " + what + ": " + refused.get().code());
            }
            LOG.infof(
                    "Waiting to %s: is a relay running? code=%s",
                    what, refused.get().code());
            try {
                Thread.sleep(RETRY);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting to " + what, e);
            }
            refused = attempt.get();
        }
    }

    /** Puts a new owner claim into the installation's log. */
    void renewClaim(ByteString claimHash) {
        StreamId stream = AuthorityStreams.foundation(Principal.INSTANCE);
        untilTaken(
                "renew the owner claim",
                () -> appended(
                        Principal.INSTANCE,
                        Ids.uuidV7(),
                        "identity.owner.renew-claim",
                        List.of(new NewEvent(
                                stream,
                                OwnerClaimRenewed.newBuilder()
                                        .setClaimHash(claimHash)
                                        .build())),
                        Map.of(
                                stream,
                                streams.load(Principal.INSTANCE, stream, FirstGrant.FOLD)
                                        .version())));
        LOG.warnf("Owner claim renewed");
    }

    /** Every organisation that was ever created: the stream of the installation's log that holds its creation. */
    void organisations(Consumer<StreamId> each) {
        String after = "";
        List<String> page;
        do {
            page = founding.streams(Principal.INSTANCE, "identity/organisation/", after, PAGE);
            for (String stream : page) {
                each.accept(new StreamId(stream));
                after = stream;
            }
        } while (page.size() == PAGE);
    }

    static String tenant(StreamId organisation) {
        return organisation.value().substring(organisation.value().lastIndexOf('/') + 1);
    }

    /** Whether an organisation's log has its first grant: being there, or having records, is not enough. */
    boolean isFounded(StreamId organisation) {
        String tenant = tenant(organisation);
        return streams.current(tenant, AuthorityStreams.foundation(tenant), FirstGrant.FOLD)
                .state()
                .isClaimed();
    }

    /** Appends an event of the installation itself to its log, on a stream as it was read. */
    Optional<Rejection> append(String action, NewEvent event, long version) {
        return appended(Principal.INSTANCE, Ids.uuidV7(), action, List.of(event), Map.of(event.stream(), version));
    }

    /** Has a log that is founded adopt the contract that this build serves; a log that can't be written now keeps the one it has. */
    void adopt(String tenant) {
        if (hasAdopted(tenant)) {
            return;
        }
        appended(tenant, Ids.uuidV7(), "identity.contract.adopt", List.of(adoption(tenant)), contractOf(tenant))
                .filter(refused -> !hasAdopted(tenant))
                .ifPresent(refused -> LOG.warnf("Contract not adopted: tenant=%s code=%s", tenant, refused.code()));
    }

    private boolean hasAdopted(String tenant) {
        return streams.current(tenant, AuthorityStreams.CONTRACT, AdoptedContract.FOLD)
                .state()
                .sha256()
                .equals(ByteString.copyFrom(contract.sha256()));
    }

    private Map<StreamId, Long> contractOf(String tenant) {
        return Map.of(
                AuthorityStreams.CONTRACT,
                streams.load(tenant, AuthorityStreams.CONTRACT, AdoptedContract.FOLD)
                        .version());
    }

    /** An organisation as its creation in the installation's log has it, with the entry that its values are sealed to. */
    record Creation(OrganisationCreated event, UUID entryId) {}

    /**
     * Begins an organisation's log with its first grant, where it has none.
     *
     * @return why it could not be begun now; empty when it is founded
     */
    Optional<Rejection> found(StreamId organisation) {
        if (isFounded(organisation)) {
            return Optional.empty();
        }
        Creation creation = streams.load(Principal.INSTANCE, organisation, CreationFold.FOLD)
                .state()
                .orElseThrow();
        OrganisationCreated created = creation.event();
        String tenant = created.getOrganisationId();
        founding.begin(tenant);
        UUID entryId = Ids.uuidV7();
        String administrator = created.getAdministratorId();
        Sealed name = reseal(
                creation,
                "name",
                created.getName(),
                tenant,
                "",
                entryId,
                OrganisationFounded.getDescriptor().getFullName(),
                "name");
        Sealed displayName = reseal(
                creation,
                "administrator_name",
                created.getAdministratorName(),
                tenant,
                administrator,
                entryId,
                PrincipalCreated.getDescriptor().getFullName(),
                "display_name");
        Optional<Rejection> refused = appended(
                tenant,
                entryId,
                "identity.organisation.found",
                List.of(
                        new NewEvent(
                                AuthorityStreams.foundation(tenant),
                                OrganisationFounded.newBuilder()
                                        .setOrganisationId(tenant)
                                        .setName(name)
                                        .setAdministratorId(administrator)
                                        .setAssignmentId(created.getAssignmentId())
                                        .build()),
                        adoption(tenant),
                        new NewEvent(
                                AuthorityStreams.principal(administrator),
                                PrincipalCreated.newBuilder()
                                        .setPrincipalId(administrator)
                                        .setType(PrincipalType.USER)
                                        .setDisplayName(displayName)
                                        .setPublicKey(created.getAdministratorKey())
                                        .build())),
                contractOf(tenant));
        if (refused.isEmpty()) {
            LOG.infof("Organisation founded: tenant=%s", tenant);
        }
        return refused;
    }

    /** Opens a value in the installation's log and seals it under the organisation's own keys. */
    private Sealed reseal(
            Creation creation,
            String fromField,
            Sealed sealed,
            String tenant,
            String subject,
            UUID entryId,
            String type,
            String field) {
        Opened opened = keyring.open(
                new SealContext(
                        Principal.INSTANCE,
                        sealed.getKey().getSubject(),
                        sealed.getKey().getRetention(),
                        creation.entryId(),
                        OrganisationCreated.getDescriptor().getFullName(),
                        fromField),
                sealed);
        return keyring.seal(
                new SealContext(tenant, subject, RetentionClass.RETENTION_CLASS_ACCOUNT, entryId, type, field),
                opened.text().orElse(""));
    }

    private NewEvent adoption(String tenant) {
        List<String> capabilities = contract.capabilities(tenant.equals(Principal.INSTANCE));
        return new NewEvent(
                AuthorityStreams.CONTRACT,
                ContractAdopted.newBuilder()
                        .setSha256(UnsafeByteOperations.unsafeWrap(contract.sha256()))
                        .addAllCapabilities(capabilities)
                        .addAllSensitive(capabilities.stream()
                                .map(contract::described)
                                .filter(ContractCapability::isSensitive)
                                .map(OrganisationProvisioner::adopted)
                                .toList())
                        .build());
    }

    private static SensitiveCapability adopted(ContractCapability capability) {
        return SensitiveCapability.newBuilder()
                .setCapability(capability.name())
                .setStepUpSeconds(capability.stepUpSeconds())
                .setBreakGlassOnly(capability.breakGlassOnly())
                .setConsentRequired(!capability.consentPurpose().isEmpty())
                .setConsentPurpose(capability.consentPurpose())
                .build();
    }

    /** Why a record could not be appended now; empty when it was. */
    private Optional<Rejection> appended(
            String tenant, UUID entryId, String action, List<NewEvent> events, Map<StreamId, Long> versions) {
        Map<StreamId, Long> basis = new HashMap<>(versions);
        events.forEach(event -> basis.putIfAbsent(event.stream(), 0L));
        Statement statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(entryId)))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction(action)
                .setTarget(Target.newBuilder().setType("organisation").setId(tenant))
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        AppendResult result =
                appender.append(new Draft(tenant, statement, 0, events, List.of(), Optional.empty(), basis));
        return switch (result) {
            case AppendResult.Appended done -> {
                streams.moved(tenant, basis.keySet());
                yield Optional.empty();
            }
            // Somebody else was faster: another process at start, or the command and the start.
            case AppendResult.Moved moved -> {
                streams.moved(tenant, moved.streams());
                yield Optional.of(LogRejection.BUSY);
            }
            case AppendResult.Refused refused -> Optional.of(refused.rejection());
            case AppendResult.Replayed r -> throw new IllegalStateException("no key was given");
            case AppendResult.Taken t -> throw new IllegalStateException("nothing was claimed");
        };
    }
}
