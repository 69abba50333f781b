package dev.chancery.fanout;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.schema.Contract;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.Options;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * An event's attributes as the Kafka binding of CloudEvents 1.0 has them, in binary mode; the value is the event's protobuf message.
 * docs/reference/events.md lists them.
 */
final class CloudEventHeaders {
    private static final String CLASS_PREFIX = "DATA_CLASS_";

    /** By full name of the event's message. */
    private final Map<String, String> classifications = new HashMap<>();

    CloudEventHeaders(Contract contract) {
        contract.events()
                .forEach((name, type) -> classifications.put(
                        name, text(highest(type.prototype().getDescriptorForType(), new HashSet<>()))));
    }

    /** @param index of the event among those of its record, from 0 */
    Iterable<Header> of(LogRecord record, LogEvent event, int index) {
        var attributes = new TreeMap<String, String>();
        attributes.put("specversion", "1.0");
        attributes.put("id", record.position() + "." + index);
        attributes.put("source", "/" + record.statement().getOrigin());
        attributes.put("type", event.type());
        attributes.put("subject", event.stream());
        attributes.put(
                "time",
                Instant.EPOCH.plus(event.recordedAtMicros(), ChronoUnit.MICROS).toString());
        attributes.put("partitionkey", record.tenant());
        attributes.put("position", Long.toString(record.position()));
        attributes.put("streamversion", Long.toString(event.version()));
        attributes.put(
                "dataclassification",
                classifications.getOrDefault(event.type(), text(DataClass.DATA_CLASS_RESTRICTED)));
        if (!record.statement().getRequestId().isEmpty()) {
            attributes.put("correlationid", record.statement().getRequestId());
        }
        if (record.statement().getOutcome().hasIntent()) {
            attributes.put(
                    "causationid",
                    Long.toString(record.statement().getOutcome().getIntent().getPosition()));
        }
        var headers = new ArrayList<Header>();
        attributes.forEach((name, value) -> headers.add(new RecordHeader("ce_" + name, value.getBytes(UTF_8))));
        headers.add(new RecordHeader("content-type", "application/protobuf".getBytes(UTF_8)));
        return headers;
    }

    private static DataClass highest(Descriptor message, Set<String> seen) {
        DataClass highest = DataClass.DATA_CLASS_PUBLIC;
        if (!seen.add(message.getFullName())) {
            return highest;
        }
        for (FieldDescriptor field : message.getFields()) {
            DataClass own = field.getOptions().getExtension(Options.field).getClass_();
            highest = own.getNumber() > highest.getNumber() ? own : highest;
            boolean nested = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
            if (nested
                    && !field.getMessageType()
                            .getFullName()
                            .equals(Sealed.getDescriptor().getFullName())) {
                DataClass within = highest(field.getMessageType(), seen);
                highest = within.getNumber() > highest.getNumber() ? within : highest;
            }
        }
        return highest;
    }

    private static String text(DataClass of) {
        return of.name()
                .substring(CLASS_PREFIX.length())
                .toLowerCase(Locale.ROOT)
                .replace('_', '-');
    }
}
