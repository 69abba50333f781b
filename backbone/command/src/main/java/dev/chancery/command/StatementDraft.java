package dev.chancery.command;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.CommandOutcome.TargetRef;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Digest;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a command's records say about who, what, about whom and why; the same for its intent and its outcome. */
final class StatementDraft {
    private static final String STATEMENT = "chancery.log.v1.Statement";

    private final Keyring keyring;
    private final ContractMethod method;
    private final Message request;
    private final Principal principal;
    private final Caller caller;
    private final Optional<Digest> key;
    private final Digest requestHash;

    StatementDraft(Keyring keyring, Call call, Optional<Digest> key, Digest requestHash) {
        this.keyring = keyring;
        this.method = call.method();
        this.request = call.request();
        this.principal = call.principal();
        this.caller = call.caller();
        this.key = key;
        this.requestHash = requestHash;
    }

    Statement intent(UUID entryId, Optional<AuthorityDecision> authority, Intent intent) {
        Optional<TargetRef> target = requested();
        return circumstances(common(entryId, authority, target), entryId, target)
                .setIntent(intent)
                .build();
    }

    /** Reason and client stand in the command's first record only: the intent where there is one. */
    Statement outcome(
            UUID entryId,
            Optional<AuthorityDecision> authority,
            AppendResult.@Nullable Appended intent,
            Outcome.Builder outcome,
            Optional<TargetRef> made) {
        Optional<TargetRef> target = made.or(this::requested);
        Statement.Builder statement = common(entryId, authority, target);
        if (intent == null) {
            circumstances(statement, entryId, target);
        } else {
            outcome.setIntent(IntentRef.newBuilder()
                    .setPosition(intent.position())
                    .setHash(UnsafeByteOperations.unsafeWrap(intent.hash().bytes())));
        }
        return statement.setOutcome(outcome).build();
    }

    /**
     * Refused at the boundary. It keeps no reason: that would be sealed to whom the request names, who may not be there, and a caller who
     * may do nothing could make a key for whomever it likes.
     *
     * @param count how many denials of the principal the record stands for
     */
    Statement denied(UUID entryId, Rejection rejection, long count) {
        return client(common(entryId, Optional.empty(), requested()), entryId)
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.DENIED)
                        .setCode(rejection.code())
                        .setDenials(count == 1 ? 0 : count))
                .build();
    }

    private Statement.Builder client(Statement.Builder statement, UUID entryId) {
        return client(statement, keyring, principal.tenant(), personal(principal.id()), entryId, caller);
    }

    /**
     * Where a call came from, sealed to {@code whose}. Hidden values are compared whole, so that each is in a field of its own.
     *
     * @param whose a pseudonym; empty: nobody's
     */
    static Statement.Builder client(
            Statement.Builder statement, Keyring keyring, String tenant, String whose, UUID entryId, Caller caller) {
        return keyring.hides(STATEMENT, "address")
                ? statement
                        .setClient(seal(keyring, tenant, whose, entryId, "client", caller.client()))
                        .setAddress(seal(keyring, tenant, whose, entryId, "address", caller.address()))
                : statement.setClient(
                        seal(keyring, tenant, whose, entryId, "client", caller.address() + "\n" + caller.client()));
    }

    private Statement.Builder common(UUID entryId, Optional<AuthorityDecision> authority, Optional<TargetRef> target) {
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(entryId)))
                .setAction(method.auditAction())
                .setRequestId(caller.requestId())
                .setRequestHash(UnsafeByteOperations.unsafeWrap(requestHash.bytes()));
        Actor.Builder actor =
                statement.getActorBuilder().setType(typeOf(principal)).setId(principal.id());
        authority.filter(by -> !by.role().isEmpty()).ifPresent(by -> {
            actor.addRoles(by.role());
            if (by.elevated()) {
                actor.setElevation(by.assignmentId());
            }
        });
        principal.actingFor().ifPresent(whom -> statement
                .getActingForBuilder()
                .setType(ActorType.ACTOR_TYPE_USER)
                .setId(whom));
        principal.workspace().ifPresent(statement::setWorkspace);
        key.ifPresent(hash -> statement.setIdempotencyKeyHash(UnsafeByteOperations.unsafeWrap(hash.bytes())));
        target.ifPresent(ref ->
                statement.setTarget(Target.newBuilder().setType(ref.type()).setId(ref.id())));
        return statement;
    }

    private Statement.Builder circumstances(Statement.Builder statement, UUID entryId, Optional<TargetRef> target) {
        client(statement, entryId);
        FieldDescriptor reason = method.input().findFieldByName("reason");
        if (reason != null && request.getField(reason) instanceof String text && !text.isEmpty()) {
            statement.setReason(reason(personal(about(target)), entryId, text));
        }
        return statement;
    }

    /** To whom it is about; to who gives it, where that one was erased. */
    private Sealed reason(String about, UUID entryId, String text) {
        try {
            return seal(keyring, principal.tenant(), about, entryId, "reason", text);
        } catch (KeyDestroyed e) {
            return seal(keyring, principal.tenant(), personal(principal.id()), entryId, "reason", text);
        }
    }

    /** Whom a reason is about: the principal that the request names, whatever its target is; else its target, else who gives it. */
    private String about(Optional<TargetRef> target) {
        FieldDescriptor named = method.input().findFieldByName("principal_id");
        if (named != null && request.getField(named) instanceof String id && !id.isEmpty()) {
            return id;
        }
        return target.filter(ref -> ref.type().equals("principal"))
                .map(TargetRef::id)
                .orElse(principal.id());
    }

    private static Sealed seal(
            Keyring keyring, String tenant, String subject, UUID entryId, String field, String text) {
        return keyring.seal(
                new SealContext(tenant, subject, RetentionClass.RETENTION_CLASS_AUDIT, entryId, STATEMENT, field),
                text);
    }

    /** Whom or what the request itself names: its first target field that is set. A record has no slash in a target. */
    private Optional<TargetRef> requested() {
        for (FieldDescriptor field : method.input().getFields()) {
            if (field.getOptions().getExtension(Options.field).getTarget()
                    && !field.isRepeated()
                    && request.getField(field) instanceof String value
                    && !value.isEmpty()) {
                String type = field.getName().replaceFirst("_id$", "").replace('_', '-');
                return Optional.of(new TargetRef(type, value.replace('/', ':')));
            }
        }
        return Optional.empty();
    }

    /** A person's or a program's pseudonym; the installation and the claimant are nobody, sealed to the tenant. */
    private static String personal(String id) {
        return id.length() == 36 ? id : "";
    }

    private static ActorType typeOf(Principal principal) {
        return switch (principal.type()) {
            case SYSTEM -> ActorType.ACTOR_TYPE_SYSTEM;
            case USER -> ActorType.ACTOR_TYPE_USER;
            case AGENT -> ActorType.ACTOR_TYPE_AGENT;
            case SERVICE -> ActorType.ACTOR_TYPE_SERVICE;
            case CLAIMANT -> ActorType.ACTOR_TYPE_CLAIMANT;
        };
    }
}
