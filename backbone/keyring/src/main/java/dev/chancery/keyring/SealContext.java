package dev.chancery.keyring;

import dev.chancery.schema.options.v1.RetentionClass;
import java.util.UUID;

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
    private static final int MAX_TENANT_CHARS = 36;
    private static final int SUBJECT_CHARS = 36;
    private static final int MAX_NAME_CHARS = 128;

    /** @throws IllegalArgumentException if a component has not its shape; the message does not repeat it */
    public SealContext {
        require(isBetween(tenant, 1, MAX_TENANT_CHARS) && tenant.chars().allMatch(SealContext::isTenant), "tenant");
        require(
                subject.isEmpty()
                        || (subject.length() == SUBJECT_CHARS && subject.chars().allMatch(SealContext::isId)),
                "subject");
        require(isName(type), "type");
        require(isName(field), "field");
        if (retention == RetentionClass.RETENTION_CLASS_UNSPECIFIED || retention == RetentionClass.UNRECOGNIZED) {
            throw new IllegalArgumentException("a sealed value needs a retention class");
        }
    }

    // By hand and not by regular expressions: each sealed value is checked four times.
    private static boolean isName(String name) {
        return isBetween(name, 1, MAX_NAME_CHARS) && name.chars().allMatch(SealContext::isName);
    }

    private static boolean isBetween(String value, int least, int most) {
        return value.length() >= least && value.length() <= most;
    }

    private static boolean isTenant(int c) {
        return isDigit(c) || (c >= 'a' && c <= 'z') || c == '-';
    }

    private static boolean isId(int c) {
        return isDigit(c) || (c >= 'a' && c <= 'f') || c == '-';
    }

    private static boolean isName(int c) {
        return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static void require(boolean holds, String name) {
        if (!holds) {
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
