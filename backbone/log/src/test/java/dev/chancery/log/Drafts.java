package dev.chancery.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Drafts as a command writes them, with all that does not matter to a test filled in. */
final class Drafts {
    static final long DEADLINE_MILLIS = 600_000;
    static final long KEPT_MILLIS = 600_000;
    static final StreamId ROLE_MODEL = StreamId.of("access", "role-model");
    private static final AtomicLong NUMBER = new AtomicLong();

    private final String tenant;
    private final Outcome.Builder outcome = Outcome.newBuilder().setResult(Result.SUCCESS);
    private final List<NewEvent> events = new ArrayList<>();
    private final List<Claim> claims = new ArrayList<>();
    private final Map<StreamId, Long> basis = new HashMap<>();
    private Optional<Receipt> receipt = Optional.empty();

    private Drafts(String tenant) {
        this.tenant = tenant;
    }

    static Draft intent(String tenant) {
        return intent(tenant, DEADLINE_MILLIS, Optional.empty());
    }

    static Draft intent(String tenant, long deadlineMillis) {
        return intent(tenant, deadlineMillis, Optional.empty());
    }

    static Draft intent(String tenant, Receipt receipt) {
        return intent(tenant, DEADLINE_MILLIS, Optional.of(receipt));
    }

    static Draft intent(String tenant, long deadlineMillis, Optional<Receipt> receipt) {
        return Draft.intent(
                tenant, statement().setIntent(Intent.getDefaultInstance()).build(), deadlineMillis, receipt);
    }

    static Drafts outcome(String tenant) {
        return new Drafts(tenant);
    }

    Drafts ending(AppendResult.Appended intent) {
        outcome.setIntent(IntentRef.newBuilder()
                .setPosition(intent.position())
                .setHash(ByteString.copyFrom(intent.hash().bytes())));
        return this;
    }

    Drafts result(Result result) {
        outcome.setResult(result);
        return this;
    }

    Drafts failing(String code) {
        outcome.setResult(Result.FAILURE).setCode(code);
        return this;
    }

    Drafts restingOn(StreamId stream, long version) {
        basis.put(stream, version);
        return this;
    }

    /** Appends a role's retirement to a stream that is at this version. */
    Drafts retiring(StreamId stream, long version) {
        return with(stream, version, RoleRetired.newBuilder().setRole("auditor").build());
    }

    Drafts deactivating(StreamId stream, long version) {
        return with(
                stream,
                version,
                PrincipalDeactivated.newBuilder()
                        .setPrincipalId(UUID.randomUUID().toString())
                        .build());
    }

    Drafts with(StreamId stream, long version, Message body) {
        events.add(new NewEvent(stream, body));
        return restingOn(stream, version);
    }

    Drafts claiming(String name, StreamId holder) {
        claims.add(new Claim("email", digest(name), holder, true));
        return this;
    }

    Drafts releasing(String name, StreamId holder) {
        claims.add(new Claim("email", digest(name), holder, false));
        return this;
    }

    Drafts receipt(Receipt wanted) {
        receipt = Optional.of(wanted);
        return this;
    }

    Draft draft() {
        return new Draft(tenant, statement().setOutcome(outcome).build(), 0, events, claims, receipt, basis);
    }

    static Receipt reserve(String key, String request) {
        return new Receipt(digest(key), digest(request), new Receipt.Reserve(), KEPT_MILLIS);
    }

    static Receipt reply(String key, String request, String reply) {
        return reply(key, request, reply, KEPT_MILLIS);
    }

    static Receipt reply(String key, String request, String reply, long keptMillis) {
        return new Receipt(
                digest(key),
                digest(request),
                new Receipt.KeepReply(reply.getBytes(StandardCharsets.UTF_8)),
                keptMillis);
    }

    static Receipt code(String key, String request, String code) {
        return new Receipt(digest(key), digest(request), new Receipt.KeepCode(code), KEPT_MILLIS);
    }

    static Receipt release(String key, String request) {
        return new Receipt(digest(key), digest(request), new Receipt.Release(), 0);
    }

    static Digest digest(String name) {
        return new Digest(EntryFrame.sha256().digest(name.getBytes(StandardCharsets.UTF_8)));
    }

    /** All of a command's records have the same actor, action and request here. */
    static Statement.Builder statement() {
        return Statement.newBuilder()
                .setEntryId(ByteString.copyFrom(entryId()))
                .setActor(Actor.newBuilder()
                        .setType(ActorType.ACTOR_TYPE_USER)
                        .setId("0199f2aa-0000-7000-8000-000000000001")
                        .addRoles("administrator"))
                .setAction("access.role.retire")
                .setRequestId("0199f2aa-0000-7000-8000-000000000002");
    }

    static byte[] entryId() {
        return ByteBuffer.allocate(16)
                .putLong(System.currentTimeMillis() << 16 | 0x7000)
                .putLong(NUMBER.incrementAndGet())
                .array();
    }
}
