package dev.chancery.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.EventList;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LogRecordTest {
    private static final String TENANT = "0199f2a0-0000-7000-8000-000000000001";

    @Property(tries = 200)
    void anOutcomesEventsCarryTheirBodies(
            @ForAll @LongRange(min = 0) long position, @ForAll @IntRange(max = 40) int count, @ForAll boolean asList)
            throws MalformedRecord {
        var outcome = Outcome.newBuilder();
        var bodies = new ByteString[asList ? count + 1 : count];
        ByteString list = ByteString.EMPTY;
        for (int i = 0; i < count; i++) {
            EventRef reference = EventRef.newBuilder()
                    .setStream("access/role-model")
                    .setVersion(i + 1)
                    .setType("chancery.access.v1.RoleDefined")
                    .build();
            bodies[asList ? i + 1 : i] = ByteString.copyFromUtf8("body " + i);
            if (asList) {
                list = list.concat(length(reference.getSerializedSize())).concat(reference.toByteString());
            } else {
                outcome.addEvents(reference);
            }
        }
        if (asList) {
            bodies[0] = list;
            outcome.setEventList(EventList.newBuilder().setCount(count));
        }
        Statement statement = statement(position)
                .setActor(Actor.newBuilder().setId("somebody"))
                .setRecordedAtMicros(7)
                .setOutcome(outcome)
                .build();
        LogRecord record = LogRecord.parse(TENANT, Records.around(statement.toByteString(), bodies), 3, 9);
        assertThat(record.isOutcome()).isTrue();
        assertThat(record.events()).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(record.events().get(i))
                    .isEqualTo(new LogEvent(
                            "access/role-model",
                            i + 1,
                            "chancery.access.v1.RoleDefined",
                            ByteString.copyFromUtf8("body " + i),
                            position,
                            7,
                            "somebody"));
        }
    }

    @Property
    void arbitraryBytesAreARecordOrMalformed(@ForAll byte[] bytes) {
        try {
            assertThat(LogRecord.parse(TENANT, bytes, 0, 0).entry()).isNotEmpty();
        } catch (MalformedRecord e) {
            assertThat(e).hasMessageMatching("[a-z ]+");
        }
    }

    @Test
    void anotherLogsRecordIsRefused() {
        refused(
                "origin",
                Records.around(statement(0).setOrigin("ch-test/another").build().toByteString()));
    }

    @Test
    void aRecordOfNoKindIsRefused() {
        refused("kind", Records.around(statement(0).clearIntent().build().toByteString()));
    }

    @Test
    void bytesThatAreNotCanonicalAreRefused() {
        ByteString statement = statement(0).build().toByteString();
        ByteString positionZero = ByteString.copyFrom(new byte[] {0x10, 0x00});
        refused("canonical form", Records.around(statement.concat(positionZero)));
        Statement unknown = statement(0)
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                900,
                                UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                        .build())
                .build();
        refused("canonical form", Records.around(unknown.toByteString()));
    }

    @Test
    void aPositionBeyondWhatALongHoldsIsRefused() {
        refused("position", Records.around(statement(-1).build().toByteString()));
    }

    @Test
    void bodiesThatTheStatementDoesNotNameAreRefused() {
        refused("bodies", Records.around(statement(0).build().toByteString(), ByteString.copyFromUtf8("more")));
    }

    @Test
    void anEntryOfAnotherSchemeOrSizeIsRefused() {
        refused("entry size", entry(new byte[65]));
        refused("entry size", entry(new byte[LogRecord.MAX_ENTRY_BYTES + 1]));
        refused("entry scheme", entry(new byte[66]));
    }

    private static byte[] entry(byte[] entry) {
        return Record.newBuilder().setEntry(ByteString.copyFrom(entry)).build().toByteArray();
    }

    private static ByteString length(int bytes) {
        return ByteString.copyFrom(ByteBuffer.allocate(4).putInt(bytes).flip());
    }

    private static Statement.Builder statement(long position) {
        return Statement.newBuilder()
                .setOrigin("ch-test/" + TENANT)
                .setPosition(position)
                .setIntent(Intent.getDefaultInstance());
    }

    private static void refused(String rule, byte[] value) {
        assertThatThrownBy(() -> LogRecord.parse(TENANT, value, 0, 0))
                .isInstanceOf(MalformedRecord.class)
                .hasMessage(rule);
    }
}
