package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.foundation;
import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.CommandContext;
import dev.chancery.command.Decided;
import dev.chancery.command.Faces;
import dev.chancery.command.Feature;
import dev.chancery.command.Handler.RefusedException;
import dev.chancery.command.Methods;
import dev.chancery.command.Tokens;
import dev.chancery.decision.Foundation;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Claim;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberReply;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceReply;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalReply;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.TokenIssued;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import dev.chancery.schema.identity.v1.WorkspaceMemberAdded;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** The contract's identity methods. */
public final class IdentityService implements Feature {
    private static final String SERVICE = "chancery.identity.v1.IdentityService/";
    private static final String EMAIL = "email";

    private final Founder founder;
    private final Streams streams;
    private final Tokens tokens;
    private final OwnerClaim claim;

    IdentityService(Founder founder, Streams streams, Tokens tokens, OwnerClaim claim) {
        this.founder = founder;
        this.streams = streams;
        this.tokens = tokens;
        this.claim = claim;
    }

    /** @param claim the one-time owner claim's file */
    public static IdentityService create(
            dev.chancery.log.Founding founding,
            dev.chancery.log.Appender appender,
            Streams streams,
            Keyring keyring,
            dev.chancery.schema.Contract contract,
            Tokens tokens,
            OwnerClaim claim) {
        return new IdentityService(new Founder(founding, appender, streams, keyring, contract), streams, tokens, claim);
    }

    @Override
    public String name() {
        return "identity";
    }

    @Override
    public void register(Methods methods) {
        methods.rejections(IdentityRejection.values())
                .publicCommand(SERVICE + "ClaimOwner", ClaimOwnerRequest.class, this::claimant, this::claimOwner)
                .publicCommand(SERVICE + "IssueToken", IssueTokenRequest.class, this::client, this::issueToken)
                .command(SERVICE + "CreateOrganisation", CreateOrganisationRequest.class, this::createOrganisation)
                .command(SERVICE + "CreateWorkspace", CreateWorkspaceRequest.class, this::createWorkspace)
                .command(SERVICE + "AddWorkspaceMember", AddWorkspaceMemberRequest.class, this::addWorkspaceMember)
                .command(SERVICE + "CreatePrincipal", CreatePrincipalRequest.class, this::createPrincipal)
                .command(SERVICE + "DeactivatePrincipal", DeactivatePrincipalRequest.class, this::deactivatePrincipal);
    }

    @Override
    public void mount(Faces faces) {
        new OAuthFace(tokens).mount(faces);
    }

    /** Begins what has not begun: the installation's log, and those of organisations a crash kept from beginning. */
    @Override
    public void start() {
        founder.foundInstance(claim::offer);
        founder.foundMissing();
        founder.adopt();
        if (streams.current(Principal.INSTANCE, foundation(Principal.INSTANCE), Foundation.FOLD)
                .state()
                .isClaimed()) {
            claim.withdraw();
        }
    }

    // The owner

    private Principal claimant(ClaimOwnerRequest request) throws RefusedException {
        Foundation foundation = streams.current(Principal.INSTANCE, foundation(Principal.INSTANCE), Foundation.FOLD)
                .state();
        byte[] hash = sha256(request.getClaim());
        if (foundation.isClaimed()
                || !MessageDigest.isEqual(hash, foundation.claimHash().toByteArray())) {
            throw new RefusedException(IdentityRejection.CLAIM_INVALID);
        }
        return new Principal(
                Principal.Type.CLAIMANT,
                "claimant",
                Principal.INSTANCE,
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.now());
    }

    private Decided claimOwner(CommandContext context, ClaimOwnerRequest request) {
        StreamId stream = foundation(Principal.INSTANCE);
        if (context.read(stream, Foundation.FOLD).isClaimed()) {
            return Decided.reject(IdentityRejection.CLAIM_INVALID);
        }
        if (isUnusable(request.getPublicKey())) {
            return Decided.reject(IdentityRejection.KEY_UNUSABLE);
        }
        String owner = context.newId();
        return Decided.done(
                        ClaimOwnerReply.newBuilder()
                                .setOwnerId(owner)
                                .setClientId(clientId(context.tenant(), owner))
                                .build(),
                        new NewEvent(
                                stream,
                                OwnerClaimed.newBuilder()
                                        .setOwnerId(owner)
                                        .setAssignmentId(context.newId())
                                        .build()),
                        created(
                                context,
                                owner,
                                PrincipalType.USER,
                                request.getDisplayName(),
                                "",
                                request.getPublicKey()))
                .withTarget("principal", owner)
                .afterwards(claim::withdraw);
    }

    // Tokens

    private Principal client(IssueTokenRequest request) throws RefusedException {
        String jwt = request.getClientAssertion();
        ClientAssertion assertion = ClientAssertion.read(jwt).orElseThrow(IdentityService::invalid);
        PrincipalState state = streams.current(
                        assertion.tenant(), principal(assertion.principalId()), PrincipalState.FOLD)
                .state();
        if (!state.active() || !assertion.isGood(jwt, state.publicKey(), tokens.issuer())) {
            throw invalid();
        }
        return new Principal(
                Principal.Type.valueOf(state.type().name()),
                assertion.principalId(),
                assertion.tenant(),
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.now());
    }

    private static RefusedException invalid() {
        return new RefusedException(IdentityRejection.ASSERTION_INVALID);
    }

    private Decided issueToken(CommandContext context, IssueTokenRequest request) {
        String id = context.principal().id();
        if (!context.read(principal(id), PrincipalState.FOLD).active()) {
            return Decided.reject(IdentityRejection.ASSERTION_INVALID);
        }
        Optional<String> active = Optional.of(request.getWorkspaceId()).filter(workspace -> !workspace.isEmpty());
        if (active.isPresent()
                && !context.read(workspace(active.get()), WorkspaceState.FOLD)
                        .members()
                        .contains(id)) {
            return Decided.reject(IdentityRejection.NOT_A_MEMBER);
        }
        String tokenId = context.newId();
        Instant now = Instant.ofEpochMilli(context.atMicros() / 1000);
        Instant expires = now.plus(Tokens.LIFETIME);
        String assertionId = ClientAssertion.read(request.getClientAssertion())
                .orElseThrow(() -> new IllegalStateException("read before"))
                .id();
        return Decided.done(
                        IssueTokenReply.newBuilder()
                                .setAccessToken(tokens.issue(tokenId, context.principal(), active, now))
                                .setTokenType("Bearer")
                                .setExpiresInSeconds((int) Tokens.LIFETIME.toSeconds())
                                .build(),
                        new NewEvent(
                                context.fresh(StreamId.of(name(), "token", tokenId)),
                                TokenIssued.newBuilder()
                                        .setTokenId(tokenId)
                                        .setPrincipalId(id)
                                        .setWorkspaceId(active.orElse(""))
                                        .setExpiresAtMicros(expires.toEpochMilli() * 1000)
                                        .build()))
                .withTarget("token", tokenId)
                .withOnce(
                        context.hash("assertion", id + "\n" + assertionId),
                        IdentityRejection.ASSERTION_REPLAYED,
                        Tokens.LIFETIME.toMillis());
    }

    // Organisations and workspaces

    private Decided createOrganisation(CommandContext context, CreateOrganisationRequest request) {
        if (isUnusable(request.getAdministratorKey())) {
            return Decided.reject(IdentityRejection.KEY_UNUSABLE);
        }
        String organisation = context.newId();
        String administrator = context.newId();
        String type = OrganisationCreated.getDescriptor().getFullName();
        OrganisationCreated created = OrganisationCreated.newBuilder()
                .setOrganisationId(organisation)
                .setName(account(context, "", type, "name", request.getName()))
                .setAdministratorId(administrator)
                .setAdministratorName(
                        account(context, administrator, type, "administrator_name", request.getAdministratorName()))
                .setAdministratorKey(request.getAdministratorKey())
                .setAssignmentId(context.newId())
                .build();
        return Decided.done(
                        CreateOrganisationReply.newBuilder()
                                .setOrganisationId(organisation)
                                .setAdministratorId(administrator)
                                .setClientId(clientId(organisation, administrator))
                                .build(),
                        new NewEvent(context.fresh(StreamId.of(name(), "organisation", organisation)), created))
                .withTarget("organisation", organisation)
                .afterwards(() -> founder.foundOrganisation(StreamId.of(name(), "organisation", organisation)));
    }

    private Decided createWorkspace(CommandContext context, CreateWorkspaceRequest request) {
        String id = context.newId();
        String type = WorkspaceCreated.getDescriptor().getFullName();
        return Decided.done(
                        CreateWorkspaceReply.newBuilder().setWorkspaceId(id).build(),
                        new NewEvent(
                                context.fresh(workspace(id)),
                                WorkspaceCreated.newBuilder()
                                        .setWorkspaceId(id)
                                        .setName(account(context, "", type, "name", request.getName()))
                                        .build()))
                .withTarget("workspace", id);
    }

    private Decided addWorkspaceMember(CommandContext context, AddWorkspaceMemberRequest request) {
        WorkspaceState workspace = context.read(workspace(request.getWorkspaceId()), WorkspaceState.FOLD);
        if (!workspace.exists()) {
            return Decided.reject(IdentityRejection.NO_SUCH_WORKSPACE);
        }
        if (!context.read(principal(request.getPrincipalId()), PrincipalState.FOLD)
                .active()) {
            return Decided.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (workspace.members().contains(request.getPrincipalId())) {
            return Decided.already(AddWorkspaceMemberReply.getDefaultInstance());
        }
        return Decided.done(
                AddWorkspaceMemberReply.getDefaultInstance(),
                new NewEvent(
                        workspace(request.getWorkspaceId()),
                        WorkspaceMemberAdded.newBuilder()
                                .setWorkspaceId(request.getWorkspaceId())
                                .setPrincipalId(request.getPrincipalId())
                                .build()));
    }

    // Principals

    private Decided createPrincipal(CommandContext context, CreatePrincipalRequest request) {
        if (isUnusable(request.getPublicKey())) {
            return Decided.reject(IdentityRejection.KEY_UNUSABLE);
        }
        String id = context.newId();
        Decided.Done done = Decided.done(
                        CreatePrincipalReply.newBuilder()
                                .setPrincipalId(id)
                                .setClientId(clientId(context.tenant(), id))
                                .build(),
                        created(
                                context,
                                id,
                                request.getType(),
                                request.getDisplayName(),
                                request.getEmail(),
                                request.getPublicKey()))
                .withTarget("principal", id);
        if (request.getEmail().isEmpty()) {
            return done;
        }
        String address = request.getEmail().toLowerCase(Locale.ROOT);
        return done.withClaim(
                new Claim(EMAIL, context.hash(EMAIL, address), principal(id), true), IdentityRejection.EMAIL_TAKEN);
    }

    private Decided deactivatePrincipal(CommandContext context, DeactivatePrincipalRequest request) {
        String id = request.getPrincipalId();
        if (id.equals(context.principal().id())) {
            return Decided.reject(IdentityRejection.SELF_DEACTIVATION);
        }
        PrincipalState state = context.read(principal(id), PrincipalState.FOLD);
        if (!state.exists()) {
            return Decided.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (!state.active()) {
            return Decided.already(DeactivatePrincipalReply.getDefaultInstance());
        }
        return Decided.done(
                DeactivatePrincipalReply.getDefaultInstance(),
                new NewEvent(
                        principal(id),
                        PrincipalDeactivated.newBuilder().setPrincipalId(id).build()));
    }

    private static NewEvent created(
            CommandContext context,
            String id,
            PrincipalType principalType,
            String displayName,
            String email,
            ByteString publicKey) {
        String type = PrincipalCreated.getDescriptor().getFullName();
        PrincipalCreated.Builder created = PrincipalCreated.newBuilder()
                .setPrincipalId(id)
                .setType(principalType)
                .setDisplayName(account(context, id, type, "display_name", displayName))
                .setPublicKey(publicKey);
        if (!email.isEmpty()) {
            created.setEmail(account(context, id, type, "email", email));
        }
        return new NewEvent(context.fresh(principal(id)), created.build());
    }

    private static Sealed account(CommandContext context, String subject, String type, String field, String text) {
        return context.seal(subject, RetentionClass.RETENTION_CLASS_ACCOUNT, type, field, text);
    }

    private static boolean isUnusable(ByteString publicKey) {
        try {
            Tokens.publicKey(publicKey.toByteArray());
            return false;
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    private static String clientId(String tenant, String principalId) {
        return tenant + "." + principalId;
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    static ByteString hashed(String text) {
        return UnsafeByteOperations.unsafeWrap(sha256(text));
    }
}
