package dev.chancery.rbac;

import com.google.protobuf.ByteString;
import dev.chancery.projection.LogRecord;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/**
 * Measures how fast records go into empty views. Parsing and Kafka are not in it: records are made beforehand. Run by name; how in
 * docs/reference/performance.md.
 */
final class RbacBenchmark {
    @Test
    void measures() {
        int records = Integer.getInteger("chancery.bench.records", 200_000);
        int runRecords = Integer.getInteger("chancery.bench.run", 1_000);
        Live.hash("rbac", Story.id()); // starts the server
        for (int round = 1; round <= 3; round++) {
            measure("mixed", round, runRecords, mixed(records));
            measure("assignments only", round, runRecords, assignments(records));
        }
    }

    private static void measure(String what, int round, int runRecords, List<LogRecord> records) {
        long began = System.nanoTime();
        Live.apply(new RbacProjection(), records, runRecords);
        double seconds = (System.nanoTime() - began) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%-17s round=%d records=%d run=%d seconds=%.2f records/s=%.0f%n",
                what,
                round,
                records.size(),
                runRecords,
                seconds,
                records.size() / seconds);
        began = System.nanoTime();
        Live.hash("rbac", records.getFirst().tenant());
        System.out.printf(Locale.ROOT, "%-17s hash seconds=%.2f%n", what, (System.nanoTime() - began) / 1e9);
    }

    /** Every command is an intent and an outcome; half of the outcomes are tokens issued. */
    static List<LogRecord> mixed(int records) {
        return story(records, command -> command % 2 == 1);
    }

    /** What costs most: every command assigns a role, or revokes one that was assigned long before. */
    private static List<LogRecord> assignments(int records) {
        return story(records, command -> true);
    }

    private static List<LogRecord> story(int records, IntPredicate aboutAuthority) {
        var made = new ArrayList<String>();
        var story = new Story();
        String admin = Story.id();
        story.happens(
                Story.founded(story.tenant, admin, Story.id()),
                Story.contract("role:read", "role:define"),
                Story.created(admin, PrincipalType.USER));
        for (int command = 0; story.next() < records; command++) {
            story.isIntended();
            if (!aboutAuthority.test(command)) {
                story.happensUnknown("identity/token/" + command, "chancery.identity.v1.TokenIssued", ByteString.EMPTY);
            } else if (command % 20 == 19) {
                int earlier = made.size() / 2;
                story.happens(Story.revoked(made.get(earlier), holder(earlier)));
            } else if (command % 20 == 1) {
                story.happens(Story.created(Story.id(), PrincipalType.USER));
            } else {
                made.add(Story.id());
                story.happens(Story.assigned(made.getLast(), holder(made.size() - 1), "reader", admin));
            }
        }
        return story.records;
    }

    private static String holder(int number) {
        return "00000000-0000-7000-8000-%012x".formatted(number % 1_000);
    }
}
