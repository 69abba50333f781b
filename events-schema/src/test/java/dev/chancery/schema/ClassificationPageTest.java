package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.options.v1.Basis;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.Regime;
import dev.chancery.schema.options.v1.Residency;
import dev.chancery.schema.options.v1.RetentionClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/reference/classification.md says what {@link ClassRule} and the contract say; {@code -Dchancery.write=true} writes it. */
class ClassificationPageTest {
    private static final Path PAGE =
            Path.of(System.getProperty("chancery.root", "..")).resolve("docs/reference/classification.md");

    private final StringBuilder page = new StringBuilder();

    @Test
    void thePageSaysWhatTheContractSays() throws IOException {
        write(Contract.load());
        if (Boolean.getBoolean("chancery.write")) {
            Files.writeString(PAGE, page.toString());
        }
        assertThat(Files.readString(PAGE))
                .as("docs/reference/classification.md is stale; write it with"
                        + " ./mvnw -pl events-schema -am test -Dtest=ClassificationPageTest"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -Dchancery.write=true")
                .isEqualTo(page.toString());
    }

    private void write(Contract contract) {
        page.append("""
            # Data classes

            Generated from the contract: change a field's options in `events-schema`, or `ClassRule`, not this page.

            Each text and each bytes field of the contract declares a class, and a personal one whose data it is. A field that doesn't, or a personal field
            of an event without a retention class or a ground, fails the build with the field's name.

            ## The matrix

            Records are what Kafka, PostgreSQL and every export of the log hold. Sealed values are encrypted before they are appended, with a key that can be
            destroyed: the subject's for personal data, the organisation's or a vault environment's for the rest. A log line and an error name a field, whatever its class, and never
            its value; [what slips into a line is redacted](redaction.md).

            | class | | in records | in a subject's export |
            |---|---|---|---|
            """);
        for (ClassRule rule : ClassRule.values()) {
            if (rule != ClassRule.UNSPECIFIED) {
                row(name(rule.name()), meaning(rule), stored(rule), rule.isExported() ? "yes" : "no");
            }
        }
        page.append("""

            ## How long

            | retention class | until |
            |---|---|
            """);
        for (RetentionClass retention : RetentionClass.values()) {
            if (retention != RetentionClass.UNRECOGNIZED && retention != RetentionClass.RETENTION_CLASS_UNSPECIFIED) {
                row(retention(retention), until(retention));
            }
        }
        page.append("""

            Of personal values. An organisation sets other periods, and sees what they retire: [retention.md](../how-to/retention.md). A legal hold keeps what
            it covers for as long as it stands: [forget.md](../how-to/forget.md). Public and internal values stand in the log in clear, for as long as it does.
            What is confidential is the organisation's own, and goes 7 years after it; none ends yet. Restricted values go when they are rotated, by the vault's
            methods.

            ## What records hold sealed

            What can be hidden is kept as a salted commitment instead where the ledger's mode is [privacy-enhanced](../how-to/hide-addresses.md).

            | field | class | whose | retention | ground | stays in | can be hidden |
            |---|---|---|---|---|---|---|
            """);
        Map<String, FieldDescriptor> sealed = sealed(contract);
        sealed.forEach(this::field);
        page.append("""

            ## By regime

            What to look at where a regime applies to an organisation.

            | regime | fields |
            |---|---|
            | GDPR, CCPA, LGPD | all that are personal |
            """);
        for (Regime regime : Regime.values()) {
            if (regime != Regime.UNRECOGNIZED && regime != Regime.REGIME_UNSPECIFIED) {
                row(
                        regime.name().substring("REGIME_".length()).replace('_', ' '),
                        sealed.entrySet().stream()
                                .filter(each -> ClassRule.contract(each.getValue())
                                        .getRegimeList()
                                        .contains(regime))
                                .map(each -> "`" + each.getKey() + "`")
                                .collect(Collectors.joining(", ")));
            }
        }
        page.append("""

            ## What calls carry and no record holds in clear

            Requests and replies. What of a request is kept, is kept as above.

            | field | class | whose |
            |---|---|---|
            """);
        carried(contract)
                .forEach((name, field) -> row(
                        "`" + name + "`",
                        name(ClassRule.of(field).name()),
                        ClassRule.contract(field).getSubject()));
    }

    private void field(String name, FieldDescriptor field) {
        FieldContract declared = ClassRule.contract(field);
        String ground = declared.getEvidenceGround();
        row(
                "`" + name + "`",
                name(ClassRule.of(field).name()),
                declared.getSubject().isEmpty() ? "the organisation" : "`" + declared.getSubject() + "`",
                retention(declared.getRetention()) + (ground.isEmpty() ? "" : ": " + ground),
                basis(declared.getBasis()),
                declared.getResidency() == Residency.RESIDENCY_TENANT_REGION ? "the organisation's region" : "",
                declared.getHideable() ? "yes" : "");
    }

    private void row(String... cells) {
        page.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static Map<String, FieldDescriptor> sealed(Contract contract) {
        var fields = new TreeMap<String, FieldDescriptor>();
        Set<String> seen = new TreeSet<>();
        reach(Statement.getDescriptor(), seen, fields);
        contract.events().values().forEach(event -> reach(event.prototype().getDescriptorForType(), seen, fields));
        return fields;
    }

    private static Map<String, FieldDescriptor> carried(Contract contract) {
        var fields = new TreeMap<String, FieldDescriptor>();
        Set<String> seen = new TreeSet<>();
        contract.methods().forEach(method -> {
            reach(method.input(), seen, fields);
            reach(method.replyPrototype().getDescriptorForType(), seen, fields);
        });
        return fields;
    }

    /** What is above INTERNAL in a message and in those within it, by full name without the common package. */
    private static void reach(Descriptor message, Set<String> seen, Map<String, FieldDescriptor> fields) {
        if (!seen.add(message.getFullName())) {
            return;
        }
        for (FieldDescriptor field : message.getFields()) {
            if (ClassRule.of(field).stored() != ClassRule.Stored.CLEAR) {
                fields.put(field.getFullName().substring("chancery.".length()), field);
            } else if (field.getJavaType() == JavaType.MESSAGE) {
                reach(field.getMessageType(), seen, fields);
            }
        }
    }

    private static String name(String constant) {
        return constant.toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }

    private static String retention(RetentionClass retention) {
        return retention == RetentionClass.RETENTION_CLASS_UNSPECIFIED
                ? ""
                : name(retention.name().substring("RETENTION_CLASS_".length()));
    }

    private static String stored(ClassRule rule) {
        return switch (rule.stored()) {
            case CLEAR -> "clear";
            case SEALED -> "sealed";
            case NEVER -> "never";
        };
    }

    private static String meaning(ClassRule rule) {
        return switch (rule) {
            case UNSPECIFIED -> "";
            case PUBLIC -> "anybody may know it";
            case INTERNAL -> "ids, names of roles and the like: whoever reads the log may know it";
            case CONFIDENTIAL -> "the organisation's own";
            case RESTRICTED -> "kept for one purpose, for instance a secret's value in the vault";
            case PERSONAL -> "about a person, who can have it and can have it forgotten";
            case SENSITIVE_PERSONAL -> "special categories: only a token of it is stored";
            case SECRET -> "a credential";
        };
    }

    private static String basis(Basis basis) {
        return basis == Basis.BASIS_UNSPECIFIED ? "" : name(basis.name().substring("BASIS_".length()));
    }

    private static String until(RetentionClass retention) {
        return switch (retention) {
            case RETENTION_CLASS_ACCOUNT ->
                "the subject is erased, or deactivated for 7 years; needed as long as it is one of the organisation's"
                        + " principals";
            case RETENTION_CLASS_AUDIT ->
                "the subject is erased, or deactivated for 7 years; needed to say why something was done";
            case RETENTION_CLASS_EVIDENCE ->
                "the subject is deactivated for 7 years; an erasure leaves it, on the ground that its field names";
            case RETENTION_CLASS_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }
}
