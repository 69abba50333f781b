package dev.chancery.keyring;

import dev.chancery.schema.options.v1.RetentionClass;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Where a value lies and whom it is about. Sealed into it: a value taken elsewhere does not open.
 *
 * @param tenant the tenant whose log it is in
 * @param subject the random pseudonym of whom it is about; empty: about nobody, the tenant's own
 * @param retention what decides when it is forgotten; a key of its own for each
 * @param entryId the entry (UUIDv7) that carries it
 * @param type full name of the message that holds it, e.g. {@code chancery.identity.v1.PrincipalCreated}
 * @param field its field's name, e.g. {@code email}
 */
public record SealContext(
        String tenant, String subject, RetentionClass retention, UUID entryId, String type, String field) {
    private static final Pattern TENANT = Pattern.compile("[a-z0-9-]{1,36}");
    private static final Pattern SUBJECT = Pattern.compile("([0-9a-f-]{36})?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.]{1,128}");

    /** @throws IllegalArgumentException if a component has not its shape; the message does not repeat it */
    public SealContext {
        require(TENANT, tenant, "tenant");
        require(SUBJECT, subject, "subject");
        require(NAME, type, "type");
        require(NAME, field, "field");
        if (retention == RetentionClass.RETENTION_CLASS_UNSPECIFIED || retention == RetentionClass.UNRECOGNIZED) {
            throw new IllegalArgumentException("a sealed value needs a retention class");
        }
    }

    private static void require(Pattern shape, String value, String name) {
        if (!shape.matcher(value).matches()) {
            throw new IllegalArgumentException("the " + name + " of a sealed value has another shape");
        }
    }

    SubjectKeys.Subject owner() {
        return new SubjectKeys.Subject(tenant, subject);
    }

    /** The associated data: all components and the key's version, encoded so that no two contexts share it. */
    byte[] associatedData(int keyVersion) {
        return Framing.labelled("chancery/sealed/v1")
                .text(tenant)
                .text(subject)
                .number(retention.getNumber())
                .number(keyVersion)
                .id(entryId)
                .text(type)
                .text(field)
                .toBytes();
    }
}
