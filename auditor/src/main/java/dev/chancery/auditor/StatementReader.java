package dev.chancery.auditor;

import dev.chancery.auditor.Statement.EventList;
import dev.chancery.auditor.Statement.Intent;
import dev.chancery.auditor.Statement.IntentRef;
import dev.chancery.auditor.Statement.Kind;
import dev.chancery.auditor.Statement.Outcome;
import dev.chancery.auditor.Statement.Result;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bytes to {@link Statement}: canonical form by {@link Wire}, declared shapes by {@link Shape}. */
final class StatementReader {
    /** By number, from 1. */
    private static final List<Result> RESULTS =
            List.of(Result.SUCCESS, Result.FAILURE, Result.DENIED, Result.ABANDONED);

    private static final int MAX_ROLES = 16;
    private static final int MAX_EVENTS = 256;
    private static final int LAST_ACTOR_TYPE = 5;
    private static final int LAST_RETENTION = 2;
    private static final int NONCE_LENGTH = 24;
    private static final int HASH_LENGTH = 32;

    private StatementReader() {}

    static Statement read(byte[] bytes, int from, int length) throws Malformed {
        Wire wire = new Wire("statement", bytes, from, length);
        String origin = "";
        long position = 0;
        long recordedAtMicros = 0;
        byte[] entryId = {};
        String feature = "";
        int sourceKey = 0;
        Actor actor = null;
        String action = "";
        String requestId = "";
        Kind kind = null;
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> origin = wire.string();
                case 2 -> position = wire.integer();
                case 3 -> recordedAtMicros = wire.integer();
                case 4 -> entryId = wire.bytes();
                case 5 -> feature = wire.string();
                case 6 -> sourceKey = wire.fixed32();
                case 7 -> actor = actor(wire.message("actor"));
                case 8 -> actor(wire.message("acting_for"));
                case 9 -> action = wire.string();
                case 10 -> target(wire.message("target"));
                case 11 -> Shape.WORKSPACE.required(wire.string());
                case 12 -> requestId = Shape.REQUEST_ID.required(wire.string());
                case 13 -> sealed(wire.message("reason"), false);
                case 14 -> Shape.exactly("idempotency_key_hash", wire.bytes(), HASH_LENGTH);
                case 15 -> Shape.exactly("request_hash", wire.bytes(), HASH_LENGTH);
                case 16 -> sealed(wire.message("client"), true);
                case 17 -> sealed(wire.message("address"), true);
                case 20 -> kind = intent(wire.message("intent"));
                case 21 -> kind = onlyKind(kind, wire);
                default -> throw wire.unknown();
            }
        }
        Shape.uuidV7("entry_id", entryId);
        if (actor == null) {
            throw new Malformed("actor is missing");
        }
        if (kind == null) {
            throw new Malformed("neither intent nor outcome");
        }
        return new Statement(
                Shape.ORIGIN.required(origin),
                position,
                recordedAtMicros,
                Shape.FEATURE.required(feature),
                sourceKey,
                actor.type(),
                actor.id(),
                Shape.ACTION.required(action),
                requestId,
                kind);
    }

    private static Kind onlyKind(@Nullable Kind before, Wire wire) throws Malformed {
        if (before != null) {
            throw new Malformed("both intent and outcome");
        }
        return outcome(wire.message("outcome"));
    }

    private record Actor(int type, String id) {}

    private static Actor actor(Wire wire) throws Malformed {
        int type = 0;
        String id = "";
        int roles = 0;
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> type = wire.enumeration(LAST_ACTOR_TYPE);
                case 2 -> id = wire.string();
                case 3 -> {
                    Shape.ROLE.required(wire.stringElement());
                    roles++;
                }
                case 4 -> Shape.ELEVATION.required(wire.string());
                default -> throw wire.unknown();
            }
        }
        if (type == 0) {
            throw new Malformed("actor.type is missing");
        }
        if (roles > MAX_ROLES) {
            throw new Malformed("more than " + MAX_ROLES + " roles");
        }
        return new Actor(type, Shape.ACTOR_ID.required(id));
    }

    private static void target(Wire wire) throws Malformed {
        String type = "";
        String id = "";
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> type = wire.string();
                case 2 -> id = wire.string();
                default -> throw wire.unknown();
            }
        }
        Shape.TARGET_TYPE.optional(type);
        Shape.TARGET_ID.optional(id);
    }

    /**
     * What it says is not ours to read; that it is sealed and by which key, is.
     *
     * @param hideable whether a commitment may stand for the value, without a ciphertext
     */
    private static void sealed(Wire wire, boolean hideable) throws Malformed {
        byte[] nonce = {};
        byte[] ciphertext = {};
        byte[] commitment = {};
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> keyRef(wire.message("key"));
                case 2 -> nonce = wire.bytes();
                case 3 -> ciphertext = wire.bytes();
                case 4 -> commitment = wire.bytes();
                default -> throw wire.unknown();
            }
        }
        Shape.exactly("sealed.nonce", nonce, NONCE_LENGTH);
        Shape.exactly("sealed.commitment", commitment, HASH_LENGTH);
        if (ciphertext.length == 0 && !hideable) {
            throw new Malformed("sealed.ciphertext is missing");
        }
    }

    private static void keyRef(Wire wire) throws Malformed {
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> Shape.SUBJECT.required(wire.string());
                case 2 -> wire.enumeration(LAST_RETENTION);
                case 3 -> wire.unsigned32();
                default -> throw wire.unknown();
            }
        }
    }

    private static Intent intent(Wire wire) throws Malformed {
        long deadlineMicros = 0;
        for (int field; (field = wire.next()) != 0; ) {
            if (field != 1) {
                throw wire.unknown();
            }
            deadlineMicros = wire.integer();
        }
        return new Intent(deadlineMicros);
    }

    private static Outcome outcome(Wire wire) throws Malformed {
        int result = 0;
        IntentRef intent = null;
        String code = "";
        boolean effectUnknown = false;
        List<EventRef> events = new ArrayList<>();
        EventList list = null;
        long denials = 0;
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> result = wire.enumeration(RESULTS.size());
                case 2 -> intent = intentRef(wire.message("outcome.intent"));
                case 3 -> code = Shape.CODE.required(wire.string());
                case 4 -> effectUnknown = wire.bool();
                case 5 -> events.add(EventRef.read(wire.messageElement("event")));
                case 6 -> list = eventList(wire.message("event_list"));
                case 7 -> denials = wire.integer();
                default -> throw wire.unknown();
            }
        }
        if (result == 0) {
            throw new Malformed("outcome.result is missing");
        }
        if (events.size() > MAX_EVENTS) {
            throw new Malformed("more than " + MAX_EVENTS + " events outside a list");
        }
        if (list != null && (!events.isEmpty() || (list.count() >= 0 && list.count() <= MAX_EVENTS))) {
            throw new Malformed("an event_list beside events, or of " + MAX_EVENTS + " events or fewer");
        }
        return new Outcome(RESULTS.get(result - 1), intent, code, effectUnknown, events, list, denials);
    }

    private static IntentRef intentRef(Wire wire) throws Malformed {
        long position = 0;
        byte[] hash = {};
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> position = wire.integer();
                case 2 -> hash = wire.bytes();
                default -> throw wire.unknown();
            }
        }
        return new IntentRef(position, Shape.exactly("outcome.intent.hash", hash, HASH_LENGTH));
    }

    private static EventList eventList(Wire wire) throws Malformed {
        byte[] root = {};
        long count = 0;
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> root = wire.bytes();
                case 2 -> count = wire.integer();
                default -> throw wire.unknown();
            }
        }
        return new EventList(Shape.exactly("event_list.root", root, HASH_LENGTH), count);
    }
}
