package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A statement to be: tests change what they want to be wrong, and sign it all the same. */
final class Draft {
    static final int SUCCESS = 1;
    static final int FAILURE = 2;
    static final int DENIED = 3;
    static final int ABANDONED = 4;

    String origin = SampleExport.ORIGIN;
    long position;
    long recordedAtMicros;
    byte[] entryId;
    String feature = "access";
    int sourceKey;
    int actorType = 2;
    String actorId = "0199f200-0000-7000-8000-000000000001";
    List<String> roles = new ArrayList<>(List.of("administrator"));
    Proto actingFor;
    String action = "access.role.assign";
    String targetType = "principal";
    String targetId = "0199f200-0000-7000-8000-000000000002";
    String workspace = "";
    String requestId = "0199f200-0000-7000-8000-000000000003";
    Proto reason = sealed(24, 32);
    byte[] idempotencyKeyHash = new byte[32];
    byte[] requestHash = new byte[32];
    Proto client;
    Proto address;
    Long deadlineMicros;
    int result;
    Long intentPosition;
    byte[] intentHash = {};
    String code = "";
    boolean effectUnknown;
    long denials;
    final List<Event> events = new ArrayList<>();
    /** Travels as a list, whatever the number of events. */
    boolean listed;

    byte[] listRoot;
    Long listCount;
    boolean kindless;

    static final class Event {
        String stream;
        long version;
        String type;
        byte[] body;
        byte[] hash;

        Event(String stream, long version, String type, byte[] body) {
            this.stream = stream;
            this.version = version;
            this.type = type;
            this.body = body;
        }

        byte[] ref() {
            byte[] signed = hash != null
                    ? hash
                    : SigningKey.sha256(
                            lp("chancery/event/v1".getBytes(UTF_8)),
                            lp(SampleExport.LOG_ID.getBytes(UTF_8)),
                            lp(stream.getBytes(UTF_8)),
                            ByteBuffer.allocate(8).putLong(version).array(),
                            lp(type.getBytes(UTF_8)),
                            lp(body));
            return new Proto()
                    .string(1, stream)
                    .integer(2, version)
                    .string(3, type)
                    .bytes(4, signed)
                    .done();
        }
    }

    Draft event(String stream, long version, String type, byte[] body) {
        events.add(new Event(stream, version, type, body));
        return this;
    }

    byte[] statement() {
        Proto proto = new Proto()
                .string(1, origin)
                .integer(2, position)
                .integer(3, recordedAtMicros)
                .bytes(4, entryId)
                .string(5, feature)
                .fixed32(6, sourceKey)
                .message(7, actorType < 0 ? null : actor())
                .message(8, actingFor)
                .string(9, action)
                .message(
                        10,
                        targetType == null
                                ? null
                                : new Proto().string(1, targetType).string(2, targetId))
                .string(11, workspace)
                .string(12, requestId)
                .message(13, reason)
                .bytes(14, idempotencyKeyHash)
                .bytes(15, requestHash)
                .message(16, client)
                .message(17, address);
        if (deadlineMicros != null) {
            proto.message(20, new Proto().integer(1, deadlineMicros));
        } else if (!kindless) {
            proto.message(21, outcome());
        }
        return proto.done();
    }

    private Proto actor() {
        Proto actor = new Proto().integer(1, actorType).string(2, actorId);
        roles.forEach(role -> actor.element(3, role.getBytes(UTF_8)));
        return actor;
    }

    private Proto outcome() {
        Proto outcome = new Proto().integer(1, result);
        if (intentPosition != null) {
            outcome.message(2, new Proto().integer(1, intentPosition).bytes(2, intentHash));
        }
        outcome.string(3, code).integer(4, effectUnknown ? 1 : 0);
        List<byte[]> refs = events.stream().map(Event::ref).toList();
        if (listed) {
            List<byte[]> leaves = refs.stream().map(Merkle::leaf).toList();
            outcome.message(
                    6,
                    new Proto()
                            .bytes(1, listRoot != null ? listRoot : Merkle.root(leaves))
                            .integer(2, listCount != null ? listCount : refs.size()));
        } else {
            refs.forEach(ref -> outcome.element(5, ref));
        }
        outcome.integer(7, denials);
        return outcome;
    }

    List<byte[]> bodies() {
        List<byte[]> bodies = new ArrayList<>();
        if (listed) {
            byte[][] refs = events.stream().map(event -> lp(event.ref())).toArray(byte[][]::new);
            bodies.add(concat(refs));
        }
        events.forEach(event -> bodies.add(event.body));
        return bodies;
    }

    static Proto sealed(int nonceLength, int commitmentLength) {
        return new Proto()
                .message(
                        1,
                        new Proto()
                                .string(1, "0199f200-0000-7000-8000-000000000002")
                                .integer(2, 2)
                                .integer(3, 1))
                .bytes(2, new byte[nonceLength])
                .bytes(3, new byte[40])
                .bytes(4, new byte[commitmentLength]);
    }

    /** A commitment to a value that nobody can read. */
    static Proto hidden(int nonceLength, int commitmentLength) {
        return new Proto()
                .message(
                        1,
                        new Proto()
                                .string(1, "0199f200-0000-7000-8000-000000000002")
                                .integer(2, 2)
                                .integer(3, 1))
                .bytes(2, new byte[nonceLength])
                .bytes(4, new byte[commitmentLength]);
    }

    static byte[] lp(byte[] bytes) {
        return ByteBuffer.allocate(4 + bytes.length)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }
}
