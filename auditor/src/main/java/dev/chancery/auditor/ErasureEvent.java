package dev.chancery.auditor;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One event of a subject's holds and erasure, {@code chancery/retention/v1/events.proto}.
 *
 * @param fields by the name that {@link #TYPES} gives them; texts, numbers ({@code Long}), lists of texts
 */
record ErasureEvent(long position, String type, Map<String, Object> fields) {
    private static final String PACKAGE = "chancery.retention.v1.";

    private enum Kind {
        TEXT,
        TEXTS,
        CLASSES,
        NUMBER,
        BYTES
    }

    private record Field(String name, Kind kind) {}

    /** The fields of each event, in the order of their numbers from 1 on. */
    private static final Map<String, List<Field>> TYPES = Map.of(
            "HoldSet",
            List.of(
                    text("hold"),
                    text("subject"),
                    text("matter"),
                    new Field("classes", Kind.CLASSES),
                    new Field("ground", Kind.BYTES),
                    number("review"),
                    text("setter")),
            "HoldCleared",
            List.of(text("hold"), text("subject"), text("clearer")),
            "DestructionDecided",
            List.of(
                    text("subject"),
                    text("request"),
                    number("ground"),
                    new Field("classes", Kind.CLASSES),
                    new Field("considered_holds", Kind.TEXTS),
                    text("period"),
                    number("since")),
            "DestructionWithheld",
            List.of(
                    text("subject"),
                    text("request"),
                    number("ground"),
                    new Field("holds", Kind.TEXTS),
                    new Field("classes", Kind.CLASSES)),
            "KeysDestroyed",
            List.of(
                    text("subject"),
                    text("request"),
                    number("keys"),
                    new Field("classes", Kind.CLASSES),
                    number("horizon"),
                    number("tenant_key_version"),
                    number("sealer_key_version")),
            "DestructionCompleted",
            List.of(
                    text("subject"),
                    text("request"),
                    new Field("classes", Kind.CLASSES),
                    number("tenant_key_version"),
                    number("sealer_key_version")));

    private static final List<String> CLASSES = List.of("unspecified", "account", "audit", "evidence");

    private static final List<String> GROUNDS =
            List.of("unspecified", "request", "no-longer-needed", "unlawful", "obligation", "retention-ended");

    private static Field text(String name) {
        return new Field(name, Kind.TEXT);
    }

    private static Field number(String name) {
        return new Field(name, Kind.NUMBER);
    }

    /** @throws Malformed unless it is one of these events, in canonical form */
    static ErasureEvent read(long position, String type, byte[] body) throws Malformed {
        String name = type.startsWith(PACKAGE) ? type.substring(PACKAGE.length()) : "";
        List<Field> known = TYPES.get(name);
        if (known == null) {
            throw new Malformed("has a " + type + ", which is no event of an erasure");
        }
        Map<String, Object> fields = new HashMap<>();
        known.forEach(field -> fields.put(field.name(), absent(field.kind())));
        var wire = new Wire(name, body, 0, body.length);
        for (int number; (number = wire.next()) != 0; ) {
            if (number > known.size()) {
                throw wire.unknown();
            }
            Field field = known.get(number - 1);
            fields.merge(field.name(), read(wire, field.kind()), ErasureEvent::joined);
        }
        return new ErasureEvent(position, name, fields);
    }

    private static Object absent(Kind kind) {
        return switch (kind) {
            case TEXT, BYTES -> "";
            case NUMBER -> 0L;
            case TEXTS, CLASSES -> List.of();
        };
    }

    private static Object read(Wire wire, Kind kind) throws Malformed {
        return switch (kind) {
            case TEXT -> wire.string();
            case TEXTS -> List.of(wire.stringElement());
            case NUMBER -> wire.integer();
            case CLASSES -> classes(wire.bytes());
            case BYTES -> wire.bytes().length + " bytes";
        };
    }

    private static Object joined(Object before, Object value) {
        if (before instanceof List<?> some && value instanceof List<?> more) {
            var all = new ArrayList<Object>(some);
            all.addAll(more);
            return all;
        }
        return value;
    }

    private static List<String> classes(byte[] packed) throws Malformed {
        var names = new ArrayList<String>();
        for (byte number : packed) {
            names.add(named(CLASSES, "retention class", number));
        }
        return names;
    }

    private static String named(List<String> names, String what, long number) throws Malformed {
        if (number <= 0 || number >= names.size()) {
            throw new Malformed("has the " + what + " " + number + ", which this does not know");
        }
        return names.get((int) number);
    }

    Object field(String name) {
        return fields.getOrDefault(name, "");
    }

    boolean isOf(String retentionClass) {
        return field("classes") instanceof List<?> classes && classes.contains(retentionClass);
    }

    String ground() throws Malformed {
        return named(GROUNDS, "ground", (Long) field("ground"));
    }

    /** A number of microseconds as a time. */
    String time(String name) {
        return Instant.EPOCH.plus((Long) field(name), ChronoUnit.MICROS).toString();
    }
}
