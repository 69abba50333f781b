package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;

import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.PublicKeys;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.PrincipalNames;
import dev.chancery.log.Claim;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;

/** Users, agents and services of an organisation. */
final class Principals {
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
                                request.getExternalName(),
                                request.getPublicKey()))
                .withTarget("principal", id);
        if (!request.getEmail().isEmpty()) {
            done = done.withClaim(address(context, id, request.getEmail(), true), IdentityRejection.EMAIL_TAKEN);
        }
        if (!request.getExternalName().isEmpty()) {
            done = done.withClaim(
                    externalName(context, id, request.getExternalName(), true), IdentityRejection.EXTERNAL_NAME_TAKEN);
        }
        return done;
    }

    static Claim address(CommandContext context, String id, String email, boolean taken) {
        return new Claim(
                PrincipalNames.EMAIL,
                context.hash(PrincipalNames.EMAIL, PrincipalNames.address(email)),
                principal(id),
                taken);
    }

    static Claim externalName(CommandContext context, String id, String name, boolean taken) {
        return new Claim(
                PrincipalNames.EXTERNAL_NAME, context.hash(PrincipalNames.EXTERNAL_NAME, name), principal(id), taken);
    }

    static NewEvent created(
            CommandContext context,
            String id,
            PrincipalType principalType,
            String displayName,
            String email,
            String externalName,
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
        if (!externalName.isEmpty()) {
            created.setExternalName(account(context, id, type, "external_name", externalName));
        }
        return new NewEvent(context.fresh(principal(id)), created.build());
    }

    /** Seals what is said about somebody; {@code subject} is empty for what is about nobody. */
    static Sealed account(CommandContext context, String subject, String type, String field, String text) {
        return context.seal(subject, RetentionClass.RETENTION_CLASS_ACCOUNT, type, field, text);
    }

    static boolean isUnusable(ByteString publicKey) {
        return !PublicKeys.isUsable(publicKey.toByteArray());
    }

    /** What a principal calls itself when it asks for a token. */
    static String clientId(String tenant, String principalId) {
        return tenant + "." + principalId;
    }
}
