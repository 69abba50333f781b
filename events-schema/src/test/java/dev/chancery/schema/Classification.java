package dev.chancery.schema;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.options.v1.Basis;
import dev.chancery.schema.options.v1.Format;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Finds fields that could carry personal or free text in clear, or that say too little about what they hold. */
final class Classification {
    private static final int MAX_CLEAR_CHARS = 128;
    /** Context comes from the verified principal, so that no request has a field for it. */
    private static final List<String> CONTEXT = List.of("actor", "acting_for", "organisation", "tenant", "session");

    private static final Descriptor SEALED = Sealed.getDescriptor();

    private final List<String> problems = new ArrayList<>();

    private Classification() {}

    static List<String> problems(Collection<FileDescriptor> files) {
        var check = new Classification();
        Set<Descriptor> logged = new LinkedHashSet<>();
        Set<Descriptor> requests = new LinkedHashSet<>();
        Set<Descriptor> kept = new LinkedHashSet<>();
        reach(Statement.getDescriptor(), logged);
        for (FileDescriptor file : files) {
            file.getMessageTypes().stream()
                    .filter(message ->
                            !message.getOptions().getExtension(Options.eventOf).isEmpty())
                    .forEach(message -> reach(message, logged));
            file.getServices().stream()
                    .flatMap(service -> service.getMethods().stream())
                    .map(MethodDescriptor::getInputType)
                    .forEach(message -> reach(message, requests));
            file.getServices().stream()
                    .flatMap(service -> service.getMethods().stream())
                    .filter(method -> !method.getOptions()
                            .getExtension(Options.method)
                            .getAuditAction()
                            .isEmpty())
                    .map(MethodDescriptor::getOutputType)
                    .forEach(message -> reach(message, kept));
            // What describes the contract is not data of anybody.
            if (!file.getPackage().equals("chancery.options.v1")) {
                file.getMessageTypes().forEach(check::classified);
            }
        }
        logged.forEach(message -> message.getFields().forEach(check::logged));
        requests.forEach(message -> message.getFields().forEach(check::requested));
        kept.forEach(message -> message.getFields().forEach(check::kept));
        return check.problems;
    }

    private static void reach(Descriptor message, Set<Descriptor> reached) {
        if (reached.add(message)) {
            message.getFields().stream()
                    .filter(field -> field.getJavaType() == JavaType.MESSAGE)
                    .forEach(field -> reach(field.getMessageType(), reached));
        }
    }

    private void classified(Descriptor message) {
        message.getNestedTypes().forEach(this::classified);
        for (FieldDescriptor field : message.getFields()) {
            if (isText(field) || isBytes(field) || isSealed(field)) {
                require(ClassRule.of(field) != ClassRule.UNSPECIFIED, field, "has no class");
            }
            if (ClassRule.of(field).isPersonal()) {
                personal(field);
            }
            require(
                    !ClassRule.contract(field).getHideable()
                            || (isSealed(field)
                                    && !field.isRepeated()
                                    && ClassRule.of(field).isPersonal()),
                    field,
                    "is hideable and is no sealed personal value");
        }
    }

    private void personal(FieldDescriptor field) {
        String subject = ClassRule.contract(field).getSubject();
        require(
                List.of("actor", "target").contains(subject)
                        || field.getContainingType().findFieldByName(subject) != null,
                field,
                "is personal and does not say whose");
    }

    private void logged(FieldDescriptor field) {
        ClassRule rule = ClassRule.of(field);
        boolean high = rule.stored() != ClassRule.Stored.CLEAR;
        // What sealing makes of a value is the one place for it.
        boolean ciphertext =
                field.getContainingType().equals(SEALED) && field.getName().equals("ciphertext");
        require(!high || ciphertext || isSealed(field), field, "goes into the log in clear");
        require(high || !isSealed(field), field, "is sealed and has a class that is not");
        require(rule != ClassRule.SENSITIVE_PERSONAL, field, "is sensitive and never stored");
        require(rule != ClassRule.SECRET, field, "is a secret and never stored");
        require(
                !rule.isPersonal()
                        || ClassRule.contract(field).getRetention() != RetentionClass.RETENTION_CLASS_UNSPECIFIED,
                field,
                "is personal and has no retention");
        require(
                !rule.isPersonal() || ClassRule.contract(field).getBasis() != Basis.BASIS_UNSPECIFIED,
                field,
                "is personal and has no ground on which it is processed (basis)");
        require(
                (ClassRule.contract(field).getRetention() == RetentionClass.RETENTION_CLASS_EVIDENCE)
                        != ClassRule.contract(field).getEvidenceGround().isEmpty(),
                field,
                "is evidence without the law by which it stays (evidence_ground), or has that and is none");
        if (isText(field) && !high) {
            PatternShape shape = pattern(field);
            require(
                    shape == null || shape.maxCodePoints() <= MAX_CLEAR_CHARS,
                    field,
                    "admits more than 128 characters");
            require(shape == null || !shape.admits(' '), field, "admits free text");
        }
        if (isBytes(field) && !ciphertext) {
            require(ClassRule.contract(field).getLength() > 0, field, "has no length");
        }
    }

    /** A command's reply lies in a receipt for a day, unless a field of it has a class that says it must not. */
    private void kept(FieldDescriptor field) {
        if (isText(field) && ClassRule.of(field).stored() == ClassRule.Stored.CLEAR) {
            PatternShape shape = ClassRule.contract(field).getPattern().isEmpty()
                            && ClassRule.contract(field).getFormat() != Format.FORMAT_ID
                    ? null
                    : pattern(field);
            require(
                    shape != null && !(shape.admits(' ') && shape.admits('!')),
                    field,
                    "is kept with a command's reply and admits free text: give it a pattern, or a class that is not"
                            + " kept");
        }
    }

    private void requested(FieldDescriptor field) {
        if (isText(field)) {
            pattern(field);
        }
        if (isBytes(field)) {
            require(ClassRule.contract(field).getLength() > 0, field, "has no length");
        }
        require(
                CONTEXT.stream().noneMatch(field.getName()::startsWith),
                field,
                "names context that a request never has");
        require(
                !field.getName().endsWith("_id") || ClassRule.contract(field).getTarget(),
                field,
                "is an id and not a target");
    }

    /** The pattern, or null where it is missing or unusable, which is then noted. */
    private PatternShape pattern(FieldDescriptor field) {
        if (ClassRule.contract(field).getFormat() == Format.FORMAT_ID) {
            require(ClassRule.contract(field).getPattern().isEmpty(), field, "has a format and a pattern");
            return new PatternShape(TextFormatTest.ID);
        }
        if (ClassRule.contract(field).getPattern().isEmpty()) {
            require(false, field, "has no pattern");
            return null;
        }
        try {
            return new PatternShape(ClassRule.contract(field).getPattern());
        } catch (IllegalArgumentException e) {
            require(false, field, e.getMessage());
            return null;
        }
    }

    private void require(boolean holds, FieldDescriptor field, String problem) {
        if (!holds) {
            problems.add(field.getFullName() + " " + problem);
        }
    }

    private static boolean isText(FieldDescriptor field) {
        return field.getJavaType() == JavaType.STRING;
    }

    private static boolean isBytes(FieldDescriptor field) {
        return field.getJavaType() == JavaType.BYTE_STRING;
    }

    private static boolean isSealed(FieldDescriptor field) {
        return field.getJavaType() == JavaType.MESSAGE && field.getMessageType().equals(SEALED);
    }
}
