package dev.chancery.command;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.redaction.Findings;
import dev.chancery.redaction.Findings.Outcome;
import dev.chancery.redaction.Profile;
import dev.chancery.redaction.Redactor;
import dev.chancery.redaction.Span;
import dev.chancery.schema.ClassRule;
import dev.chancery.schema.TextFormat;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.FieldContract;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Finds in the texts of a message what is of a class above the one that its field declares: a mail address in a field for ids, a token in one
 * for names. It is the net below a handler's mistake, and no filter for what people write.
 *
 * <p>Not looked at are bytes, ids, and sealed values; not found is what {@link Redactor} doesn't know, and {@code random} and {@code vault}, which
 * are of no class.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> time is linear in the message's texts; a line is logged for each field and kind once in a process.
 */
public final class FieldScan {
    private static final Logger LOG = Logger.getLogger(FieldScan.class);

    private static final int MAX_VERB_DIGITS = 2;

    private final Findings.Sink sink;
    private final Map<Descriptor, List<Looked>> fields = new ConcurrentHashMap<>();
    private final Set<String> told = ConcurrentHashMap.newKeySet();

    /** @param signed what is signed looks like a credential and is none */
    private record Looked(FieldDescriptor field, DataClass declared, boolean signed) {
        boolean isNested() {
            return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
        }

        boolean isAbove(Span span) {
            DataClass found = classOf(span.kind());
            return found.getNumber() > declared.getNumber()
                    && !(signed && span.kind().equals("token"));
        }
    }

    public FieldScan(Findings.Sink sink) {
        this.sink = sink;
    }

    /** Counts what is found. */
    public void look(Message message) {
        scan(message, false);
    }

    /**
     * Counts what is found, and puts a mark in the place of credentials. The rest of the message goes on: whoever may write a text that looks
     * like a credential keeps nobody from reading the list that it is in.
     *
     * @return the same message where it has no credential
     */
    public Message withoutCredentials(Message message) {
        return scan(message, true);
    }

    private Message scan(Message message, boolean blocks) {
        Message.Builder changed = null;
        for (Looked looked : fields.computeIfAbsent(message.getDescriptorForType(), FieldScan::looked)) {
            FieldDescriptor field = looked.field();
            int count = field.isRepeated() ? message.getRepeatedFieldCount(field) : isThere(message, field) ? 1 : 0;
            for (int i = 0; i < count; i++) {
                Object value = field.isRepeated() ? message.getRepeatedField(field, i) : message.getField(field);
                Object kept = looked.isNested() ? scan((Message) value, blocks) : text(looked, (String) value, blocks);
                if (kept != value) {
                    changed = changed == null ? message.toBuilder() : changed;
                    if (field.isRepeated()) {
                        changed.setRepeatedField(field, i, kept);
                    } else {
                        changed.setField(field, kept);
                    }
                }
            }
        }
        return changed == null ? message : changed.build();
    }

    private static boolean isThere(Message message, FieldDescriptor field) {
        return field.getJavaType() != FieldDescriptor.JavaType.MESSAGE || message.hasField(field);
    }

    private String text(Looked looked, String text, boolean blocks) {
        if (text.isEmpty() || TextFormat.isId(text) || isCapability(text)) {
            return text;
        }
        List<Span> blocked = new ArrayList<>(0);
        for (Span span : Redactor.spans(text, Profile.ALL)) {
            if (looked.isAbove(span)) {
                boolean block = blocks && classOf(span.kind()) == DataClass.DATA_CLASS_SECRET;
                if (block) {
                    blocked.add(span);
                }
                count(looked.field(), span.kind(), block ? Outcome.BLOCKED : Outcome.ALERTED);
            }
        }
        return blocked.isEmpty() ? text : Redactor.redact(text, blocked);
    }

    /** {@code secret:read} is no secret by the name of {@code secret}. A verb is made of words, as a random text is not. */
    private static boolean isCapability(String text) {
        return TextFormat.isCapability(text)
                && text.chars()
                                .skip(text.indexOf(':'))
                                .filter(Character::isDigit)
                                .count()
                        <= MAX_VERB_DIGITS;
    }

    private void count(FieldDescriptor field, String kind, Outcome outcome) {
        Findings.count(sink, kind, outcome, 1);
        if (told.add(field.getFullName() + " " + kind)) {
            LOG.warnf(
                    "A field has data of a class above its own: sink=%s field=%s kind=%s outcome=%s",
                    sink, field.getFullName(), kind, outcome);
        }
    }

    private static List<Looked> looked(Descriptor message) {
        List<Looked> looked = new ArrayList<>();
        for (FieldDescriptor field : message.getFields()) {
            FieldContract contract = ClassRule.contract(field);
            boolean text = field.getJavaType() == FieldDescriptor.JavaType.STRING
                    && contract.getClass_() != DataClass.DATA_CLASS_SECRET;
            boolean nested = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                    && !field.getMessageType().equals(Sealed.getDescriptor());
            if (text || nested) {
                looked.add(new Looked(field, contract.getClass_(), contract.getSignedText()));
            }
        }
        return List.copyOf(looked);
    }

    private static DataClass classOf(String kind) {
        return switch (kind) {
            case "mail", "phone", "iban" -> DataClass.DATA_CLASS_PERSONAL;
            case "card", "national-id" -> DataClass.DATA_CLASS_SENSITIVE_PERSONAL;
            case "pem", "secret", "token" -> DataClass.DATA_CLASS_SECRET;
            default -> DataClass.DATA_CLASS_UNSPECIFIED;
        };
    }
}
