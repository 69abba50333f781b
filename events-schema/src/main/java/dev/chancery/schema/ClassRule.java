package dev.chancery.schema;

import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.Options;

/**
 * How a field is treated, by its class and nothing else. This is the one table: the build's checks, the export of a subject's data and
 * docs/reference/classification.md read it.
 */
public enum ClassRule {
    /** A field that is neither text nor bytes: a number, an enum constant, a message. It says nothing about a person by itself. */
    UNSPECIFIED(DataClass.DATA_CLASS_UNSPECIFIED, Stored.CLEAR, true),
    PUBLIC(DataClass.DATA_CLASS_PUBLIC, Stored.CLEAR, true),
    INTERNAL(DataClass.DATA_CLASS_INTERNAL, Stored.CLEAR, true),
    CONFIDENTIAL(DataClass.DATA_CLASS_CONFIDENTIAL, Stored.SEALED, true),
    RESTRICTED(DataClass.DATA_CLASS_RESTRICTED, Stored.SEALED, false),
    PERSONAL(DataClass.DATA_CLASS_PERSONAL, Stored.SEALED, true),
    SENSITIVE_PERSONAL(DataClass.DATA_CLASS_SENSITIVE_PERSONAL, Stored.NEVER, false),
    SECRET(DataClass.DATA_CLASS_SECRET, Stored.NEVER, false);

    private final DataClass dataClass;
    private final Stored stored;
    private final boolean exported;

    ClassRule(DataClass dataClass, Stored stored, boolean exported) {
        this.dataClass = dataClass;
        this.stored = stored;
        this.exported = exported;
    }

    /** How a value lies in records, and so in Kafka, in PostgreSQL and in every export of the log. */
    public enum Stored {
        CLEAR,
        /** Encrypted before it is appended, with a key that can be destroyed. */
        SEALED,
        NEVER
    }

    /** The rule of a field; {@link #UNSPECIFIED} where it declares no class. */
    public static ClassRule of(FieldDescriptor field) {
        DataClass declared = contract(field).getClass_();
        for (ClassRule rule : values()) {
            if (rule.dataClass == declared) {
                return rule;
            }
        }
        throw new InvalidContract(field.getFullName(), "has a class that has no rule: " + declared);
    }

    /** What the contract declares of a field. */
    public static FieldContract contract(FieldDescriptor field) {
        return field.getOptions().getExtension(Options.field);
    }

    public Stored stored() {
        return stored;
    }

    /** Whether a subject that asks for its data gets it. */
    public boolean isExported() {
        return exported;
    }

    /** Whether it is about a person, who then has to be named. */
    public boolean isPersonal() {
        return this == PERSONAL || this == SENSITIVE_PERSONAL;
    }
}
