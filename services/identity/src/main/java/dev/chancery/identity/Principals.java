package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
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
        Descriptor type = PrincipalCreated.getDescriptor();
        PrincipalCreated.Builder created = PrincipalCreated.newBuilder()
                .setPrincipalId(id)
                .setType(principalType)
                .setDisplayName(context.seal(id, type, "display_name", displayName))
                .setPublicKey(publicKey);
        if (!email.isEmpty()) {
            created.setEmail(context.seal(id, type, "email", email));
        }
        if (!externalName.isEmpty()) {
            created.setExternalName(context.seal(id, type, "external_name", externalName));
        }
        return new NewEvent(context.fresh(principal(id)), created.build());
    }

    static boolean isUnusable(ByteString publicKey) {
        return !PublicKeys.isUsable(publicKey.toByteArray());
    }

    /** What a principal calls itself when it asks for a token. */
    static String clientId(String tenant, String principalId) {
        return tenant + "." + principalId;
    }
}
