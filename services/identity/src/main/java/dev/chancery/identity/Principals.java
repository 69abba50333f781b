package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;

import com.google.protobuf.ByteString;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.decision.PrincipalState;
import dev.chancery.keyring.Ed25519Verifier;
import dev.chancery.log.Claim;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalReply;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/** Users, agents and services of an organisation. */
final class Principals {
    private static final String EMAIL = "email";
    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cf}\\p{Z}]");

    private Principals() {}

    static CommandOutcome create(CommandContext context, CreatePrincipalRequest request) {
        if (isUnusable(request.getPublicKey())) {
            return CommandOutcome.reject(IdentityRejection.KEY_UNUSABLE);
        }
        String id = context.newId();
        CommandOutcome.Done done = CommandOutcome.done(
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
        // One address, however it is spelt: letters that only look apart count as one, and what can't be seen doesn't
        // count.
        String address = INVISIBLE
                .matcher(Normalizer.normalize(request.getEmail(), Normalizer.Form.NFKC))
                .replaceAll("")
                .toLowerCase(Locale.ROOT);
        return done.withClaim(
                new Claim(EMAIL, context.hash(EMAIL, address), principal(id), true), IdentityRejection.EMAIL_TAKEN);
    }

    static CommandOutcome deactivate(CommandContext context, DeactivatePrincipalRequest request) {
        String id = request.getPrincipalId();
        if (id.equals(context.principal().id())) {
            return CommandOutcome.reject(IdentityRejection.SELF_DEACTIVATION);
        }
        PrincipalState state = context.read(principal(id), PrincipalState.FOLD);
        if (!state.exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (!state.active()) {
            return CommandOutcome.already(DeactivatePrincipalReply.getDefaultInstance());
        }
        return CommandOutcome.done(
                DeactivatePrincipalReply.getDefaultInstance(),
                new NewEvent(
                        principal(id),
                        PrincipalDeactivated.newBuilder().setPrincipalId(id).build()));
    }

    static NewEvent created(
            CommandContext context,
            String id,
            PrincipalType principalType,
            String displayName,
            String email,
            ByteString publicKey) {
        context.introduce(id);
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

    /** Seals what is said about somebody; {@code subject} is empty for what is about nobody. */
    static Sealed account(CommandContext context, String subject, String type, String field, String text) {
        return context.seal(subject, RetentionClass.RETENTION_CLASS_ACCOUNT, type, field, text);
    }

    static boolean isUnusable(ByteString publicKey) {
        return !Ed25519Verifier.isPublicKey(publicKey.toByteArray());
    }

    /** What a principal calls itself when it asks for a token. */
    static String clientId(String tenant, String principalId) {
        return tenant + "." + principalId;
    }
}
