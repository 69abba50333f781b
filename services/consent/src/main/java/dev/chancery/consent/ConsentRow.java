package dev.chancery.consent;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A consent as the projection lists it. Times are Unix times in microseconds. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "consent", name = "consent")
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class ConsentRow extends PanacheEntityBase {
    @Id
    @Column(name = "consent")
    public UUID id;

    public UUID subject;
    public String purpose;

    @Column(name = "purpose_version")
    public int purposeVersion;

    public String resource;
    public String action;
    public String recipient;

    @Column(name = "legal_basis")
    public int legalBasis;

    @Column(name = "notice_version")
    public int noticeVersion;

    @Column(name = "granted_micros")
    public long grantedMicros;

    /** Null: until it is withdrawn. */
    @Column(name = "until_micros")
    public @Nullable Long untilMicros;

    /** Null: it isn't. */
    @Column(name = "withdrawn_micros")
    public @Nullable Long withdrawnMicros;

    /** Of the record that granted it. */
    public long position;
}
